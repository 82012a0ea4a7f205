"""Python's garbage collector, kept waiting while a function is compiled: what is made then is
needed until the end, and to look through all of it again and again takes a quarter of the time.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def waiting() -> Iterator[None]:
    """Within, no garbage is collected; reference counts free what they free."""
    ran = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if ran:
            gc.enable()
