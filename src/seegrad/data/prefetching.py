"""Prefetch: the next batches are made in a thread while the current one is learnt from."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import Any, Generic, TypeVar

from seegrad.errors import ValueRangeError
from seegrad.i18n import tr

Item = TypeVar("Item")
_POLL = 0.1


class Prefetch(Generic[Item]):
    """Iterates over `source`, up to `depth` items ahead, in the source's own order.

    What the source raises is raised here, in its place. Leaving the loop early, or `close()`, ends
    the thread. Use it as `with Prefetch(batches(x, t, 100)) as ready: for x, t in ready: …`.

    Raises:
        ValueRangeError: for a number of items below 1.

    >>> list(Prefetch(range(3)))
    [0, 1, 2]
    >>> numbers = Prefetch(range(3))
    >>> list(numbers)
    [0, 1, 2]
    >>> numbers.close()
    """

    def __init__(self, source: Iterable[Item], depth: int = 2) -> None:
        if depth < 1:
            raise ValueRangeError(
                tr("{name} counts something, so it starts at {least}", name="depth", least=1),
                asked="depth ≥ 1",
                came=f"depth={depth}",
            )
        self._ready: queue.Queue[tuple[str, Any]] = queue.Queue(depth)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._fill, args=(source,), daemon=True)
        self._thread.start()

    def _fill(self, source: Iterable[Item]) -> None:
        try:
            for item in source:
                if not self._put("item", item):
                    return
        except BaseException as error:
            self._put("error", error)
        else:
            self._put("end", None)

    def _put(self, kind: str, item: Any) -> bool:
        """Hand over, or give up because nobody listens any more."""
        while not self._closed.is_set():
            try:
                self._ready.put((kind, item), timeout=_POLL)
                return True
            except queue.Full:
                continue
        return False

    def __iter__(self) -> Iterator[Item]:
        try:
            while not self._closed.is_set():
                try:
                    kind, item = self._ready.get(timeout=_POLL)
                except queue.Empty:
                    continue
                if kind == "error":
                    raise item
                if kind == "end":
                    return
                yield item
        finally:
            self.close()

    def close(self) -> None:
        """End the thread."""
        self._closed.set()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def __enter__(self) -> Prefetch[Item]:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
