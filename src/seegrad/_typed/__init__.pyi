"""What type checkers and editors read; `python -m tools.stubs` writes it."""

# ruff: noqa
# mypy: disable-error-code="overload-overlap, overload-cannot-match, misc, valid-type"
