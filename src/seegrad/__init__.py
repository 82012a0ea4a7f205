"""seegrad: deep learning you can see. The computational graph that is drawn is the one that runs.

What there is stands in `contents.py` and in the tables of `UPPER`, which are read when their names
are asked for; type checkers and editors read `__init__.pyi`, which `python -m tools.stubs` writes
of them. Here is only how that is done; a name of the contents always comes before a module of the
same name.
"""

from __future__ import annotations

import importlib
import sys
import warnings
from types import ModuleType
from typing import Any

from seegrad.display_hooks import more_presenters
from seegrad.graph.native import made_by
from seegrad.streams import fit_streams

__version__ = "0.2.0"

RENAMED = {
    "speak": "set_language", "add_all": "add_n", "raise_to": "power_scalar", "windows": "unfold",
}  # fmt: skip
"""Public names that have changed: the old ones warn for one release, then they go."""


UPPER = ("drawing.contents", "compiler.contents", "appendix", "interop.contents")
"""The tables of the upper floors, in the order in which a name is looked for."""

INSPECTION = "__array_namespace_info__"
"""The one name of the contents that begins with underscores: the Array API standard asks for it."""


class _Package(ModuleType):
    """A package whose modules do not hide the functions that are called like them."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (isinstance(value, ModuleType) and value.__name__ == f"{__name__}.{name}"):
            super().__setattr__(name, value)


def _read(table: str) -> dict[str, Any]:
    """The names in one of the tables, from now on names of the package."""
    found = vars(importlib.import_module(f"{__name__}.{table}"))
    names = {key: it for key, it in found.items() if not key.startswith("_") or key == INSPECTION}
    globals().update(names)
    # every module called like a function is there now: a plain module is quicker to read from
    sys.modules[__name__].__class__ = ModuleType
    return names


def _public() -> list[str]:
    """The names of all tables: `__all__`, which is made when it is asked for."""
    return sorted(set().union(*map(_read, ("contents", *UPPER))))


def __getattr__(name: str) -> Any:
    if name == "__all__":
        return _public()
    if name.startswith("__") and name != INSPECTION:
        raise AttributeError(name)
    if name in (names := _read("contents")):
        return names[name]
    try:
        return importlib.import_module(f"{__name__}.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"{__name__}.{name}":
            raise
    for table in UPPER:
        if name in (names := _read(table)):
            return names[name]
    if name in RENAMED:
        new = RENAMED[name]
        warnings.warn(f"sg.{name} is now sg.{new}", DeprecationWarning, stacklevel=2)
        return getattr(sys.modules[__name__], new)
    raise AttributeError(f"seegrad has no {name!r}")


def __dir__() -> list[str]:
    return sorted({*_public(), *(name for name in globals() if name.startswith("__"))})


sys.modules[__name__].__class__ = _Package
more_presenters(lambda: _read("drawing.contents"))
made_by(lambda: importlib.import_module("seegrad.compiler.op_programs").op_program)
fit_streams()
