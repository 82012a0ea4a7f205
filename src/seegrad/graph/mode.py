"""The thread's mode: is a graph recorded, what traces, what watches, which frame is open.

What `bind` does in each mode is written there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any, NamedTuple, Protocol, TypeVar

from seegrad.graph.node import Frame, Node
from seegrad.graph.op import Op

T = TypeVar("T")


class Tracer(Protocol):
    """What turns a running function into a graph: it says which node stands for a leaf now."""

    def read(self, node: Node) -> Node:
        """The node that stands for `node` at this point of the trace."""

    def assign(self, leaf: Node, value: Any) -> None:
        """From here on `value` stands for `leaf`; it is what the leaf holds after the call."""

    def observe(self, node: Node) -> None:
        """Python looked at the numbers of `node`: the trace depends on them."""

    def keep_gradient(self, leaf: Node) -> None:
        """The gradient that `leaf` has gathered is about to change."""

    def as_recorded(self) -> AbstractContextManager[None]:
        """In this block, leaves stand for what they were when the graph was recorded."""


class Mode(NamedTuple):
    """How the gate behaves in this thread; `None` in its place means all of these defaults.

    `differentiated` are the nodes that the transforms now running differentiate by.
    """

    recording: bool = True
    tracer: Tracer | None = None
    frame: Frame | None = None
    locate: bool = False
    depth: int = 0
    differentiated: frozenset[Node] = frozenset()
    watch: Callable[[Node], None] | None = None
    watch_gradient: Callable[[Node, int, Any], None] | None = None


class _Local(threading.local):
    mode: Mode | None = None


LOCAL = _Local()
_DEFAULT = Mode()


def current_mode() -> Mode:
    """The mode in force in this thread."""
    return LOCAL.mode or _DEFAULT


@contextmanager
def in_mode(**changes: Any) -> Iterator[None]:
    """Run the block with the mode changed, for example `in_mode(recording=False)`."""
    before = LOCAL.mode
    LOCAL.mode = (before or _DEFAULT)._replace(**changes)
    try:
        yield
    finally:
        LOCAL.mode = before


@contextmanager
def frame(name: str, op: Op | None = None) -> Iterator[None]:
    """Put the nodes made in the block into a box of this name, inside the box now open."""
    before = LOCAL.mode
    outer = before or _DEFAULT
    LOCAL.mode = outer._replace(frame=Frame(name, op, outer.frame))
    try:
        yield
    finally:
        LOCAL.mode = before


def in_frames(things: Iterable[T], path: Callable[[T], Iterable[str]]) -> Iterator[T]:
    """The things, one after the other, with a box open for each name of the path of each."""
    opened: list[str] = []
    stack: list[ExitStack] = []
    try:
        for thing in things:
            wanted = list(path(thing))
            while opened != wanted[: len(opened)]:
                opened.pop()
                stack.pop().close()
            for name in wanted[len(opened) :]:
                stack.append(ExitStack())
                stack[-1].enter_context(frame(name))
                opened.append(name)
            yield thing
    finally:
        while stack:
            stack.pop().close()


def current_tracer() -> Tracer | None:
    """What is tracing in this thread, if anything."""
    mode = LOCAL.mode
    return None if mode is None else mode.tracer
