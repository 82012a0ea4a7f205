"""Ctrl-C while a step is made: the first waits for the end of the step, a second acts at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def whole_steps(interrupted: Callable[[], None]) -> Iterator[None]:
    """Let the first Ctrl-C call `interrupted` alone; outside the main thread nothing changes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def note(number: int, place: Any) -> None:
        interrupted()
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
