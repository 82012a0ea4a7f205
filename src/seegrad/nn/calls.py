"""Whether a module takes the arguments that it is made with. Their values are checked elsewhere."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from seegrad.errors import CallError
from seegrad.i18n import tr
from seegrad.text import nearest, signature


def check_call(made: type, inputs: tuple[Any, ...], keywords: Mapping[str, Any]) -> None:
    """CallError for arguments that a class does not take, with all that it does take.

    What is missing is left to Python's own error. A setting that other libraries have at another
    place has none here, only its name: what was meant there would be something else here.

    >>> class Scale:
    ...     def __init__(self, size, *, start=1.0): ...
    >>> check_call(Scale, (3,), {"start": 2.0})
    """
    taken = _taken(made.__init__)  # type: ignore[misc]
    try:
        taken.bind_partial(*inputs, **keywords)
    except TypeError:
        settings = taken.parameters
        places = [p for p in settings.values() if p.kind is not p.KEYWORD_ONLY]
        unknown = [name for name in keywords if name not in settings]
        if len(inputs) > len(places):
            problem = tr(
                "settings of {layer} that go by their place: {count}; the others go by name",
                layer=made.__name__, count=len(places),
            )  # fmt: skip
        elif unknown:
            problem = tr("{layer} has no setting {name}", layer=made.__name__, name=unknown[0])
        else:
            return
        shown = [*map(_short, inputs), *(f"{name}={_short(v)}" for name, v in keywords.items())]
        raise CallError(
            problem,
            asked=f"{made.__name__}({', '.join(map(_told, settings.values()))})",
            came=f"{made.__name__}({', '.join(shown)})",
            hint=", ".join(f"{name}=…" for one in unknown for name in nearest(one, settings)),
        ) from None


@lru_cache(256)
def _taken(begins: Callable[..., None]) -> inspect.Signature:
    """What a class is made with, by its `__init__`: nothing, where it has none of its own."""
    if begins is object.__init__:
        return inspect.Signature()
    _, *settings = signature(begins).parameters.values()
    return inspect.Signature(settings)


class Settings:
    """As `__signature__` of a class: what it is made with, for whoever asks: by itself Python
    looks at `__new__` or at `__init__` first, depending on its version.

    >>> class Scale:
    ...     __signature__ = Settings()
    ...     def __init__(self, size, *, start=1.0): ...
    >>> signature(Scale)
    <Signature (size, *, start=1.0)>
    """

    def __get__(self, made: Any, kind: Any) -> inspect.Signature:
        if made is not None:
            raise AttributeError("what an object is called with stands at its __call__")
        return _taken(kind.__init__)


def _told(setting: inspect.Parameter) -> str:
    """A setting as it is written in a call: by its place, or by its name."""
    return f"{setting.name}=…" if setting.kind is setting.KEYWORD_ONLY else setting.name


def _short(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 20 else f"{text[:19]}…"
