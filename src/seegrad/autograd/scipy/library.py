"""SciPy, imported where it is needed: what it computes and the table has no operation for.

Its functions become primitives; their derivatives are said where they are named.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from seegrad.autograd.tracer import primitive
from seegrad.errors import MissingExtraError
from seegrad.i18n import tr


def scipys(path: str) -> Any:
    """Something of SciPy's, by its dotted name below `scipy`; MissingExtraError without SciPy."""
    module, *names = path.split(".")
    try:
        found = importlib.import_module(f"scipy.{module}")
    except ModuleNotFoundError:
        raise MissingExtraError(
            tr("scipy.{path} needs SciPy", path=path), hint="pip install scipy"
        ) from None
    for name in names:
        found = getattr(found, name)
    return found


def borrowed(path: str) -> Callable[..., Any]:
    """A primitive that computes as SciPy's function does, which is looked up at its first call."""

    def function(*args: Any, **kwargs: Any) -> Any:
        return scipys(path)(*args, **kwargs)

    function.__name__ = path.rpartition(".")[2]
    function.__doc__ = f"`scipy.{path}`, as a primitive."
    return primitive(function)
