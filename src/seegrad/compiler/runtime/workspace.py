"""Temporary memory that executables have in common, of which one runs at a time.

It is as large as the largest of them needs. What lies where is each executable's own.
"""

from __future__ import annotations

import weakref
from typing import Protocol

import numpy as np

from seegrad.compiler.ir.alignment import Array, aligned


class User(Protocol):
    """Who has memory laid out in a workspace."""

    def let_go(self) -> None: ...


class Workspace:
    """The memory, and who uses it."""

    def __init__(self) -> None:
        self.memory: Array = aligned((0,), np.uint8)
        self._users: weakref.WeakSet[User] = weakref.WeakSet()

    def room(self, user: User, nbytes: int) -> Array:
        """The memory, of so many bytes at least; where it has to grow, the others let go of what
        there was, and lay themselves out anew when they run."""
        if self.memory.nbytes < nbytes:
            for other in list(self._users):
                other.let_go()
            self.memory = aligned((nbytes,), np.uint8)
        self._users.add(user)
        return self.memory
