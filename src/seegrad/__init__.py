"""seegrad: deep learning you can see. The computational graph that is drawn is the one that runs.

What there is stands in `contents.py`, which is read when the first name is asked for. Here is only
how that is done; a name of the contents always comes before a module of the same name.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seegrad.contents import *  # noqa: F403

__version__ = "0.1.0"

_CONTENTS = f"{__name__}.contents"


class _Package(ModuleType):
    """A package whose modules do not hide the functions that are called like them."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (isinstance(value, ModuleType) and value.__name__ == f"{__name__}.{name}"):
            super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        contents = vars(importlib.import_module(_CONTENTS))
        vars(self).update({key: it for key, it in contents.items() if not key.startswith("_")})
        if name in vars(self):
            return vars(self)[name]
        try:
            return importlib.import_module(f"{__name__}.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"{__name__}.{name}":
                raise
        raise AttributeError(f"seegrad has no {name!r}")

    def __dir__(self) -> list[str]:
        contents = vars(importlib.import_module(_CONTENTS))
        return sorted({*super().__dir__(), *(key for key in contents if not key.startswith("_"))})


sys.modules[__name__].__class__ = _Package
