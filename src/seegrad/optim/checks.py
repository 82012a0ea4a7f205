"""What numbers of an optimizer have to be: above 0, not negative, a share. No rule is here."""

from __future__ import annotations

from seegrad.errors import ValueRangeError
from seegrad.i18n import tr


def positive(**numbers: float) -> None:
    """ValueRangeError for a number that is not above 0 (a NaN is not)."""
    for name, value in numbers.items():
        if not value > 0 or value == float("inf"):
            raise ValueRangeError(
                tr("{name} is a number above 0", name=name), asked=f"{name} > 0",
                came=f"{name}={value}",
            )  # fmt: skip


def not_negative(**numbers: float) -> None:
    """ValueRangeError for a number below 0."""
    for name, value in numbers.items():
        if not 0 <= value < float("inf"):
            raise ValueRangeError(
                tr("{name} is not a negative number", name=name), asked=f"{name} ≥ 0",
                came=f"{name}={value}",
            )  # fmt: skip


def share(**numbers: float) -> None:
    """ValueRangeError for a number outside of [0, 1)."""
    for name, value in numbers.items():
        if not 0 <= value < 1:
            raise ValueRangeError(
                tr("{name} is a share below 1", name=name), asked=f"0 ≤ {name} < 1",
                came=f"{name}={value}",
            )  # fmt: skip


def shares(**pairs: tuple[float, float]) -> None:
    """ValueRangeError unless both numbers are in [0, 1): Adam's betas."""
    for pair in pairs.values():
        first, second = pair
        share(beta1=first, beta2=second)
