"""What a traced function draws from outside: random generators and iterators of Python's.

They are drawn from once, when the function is traced; what came then is part of the graph, the
same at every run. So whoever traces asks `moved` afterwards, and says it.
"""

from __future__ import annotations

import random
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from operator import length_hint
from typing import Any

import numpy as np

from seegrad.errors import SeegradWarning, warn_user
from seegrad.i18n import tr

_DRAWING = {
    "shuffle", "choice", "choices", "permutation", "normal", "uniform", "gauss", "sample", "rvs",
    "multinomial", "binomial", "poisson", "exponential", "beta", "gamma",
}  # fmt: skip
"""Names that sound like drawing, besides those with "rand" in them."""

ANEW = {
    "default_rng", "RandomState", "SeedSequence", "Random", "SystemRandom", "urandom", "randbits",
    "randbelow", "token_bytes", "uuid1", "uuid4", "time", "time_ns", "perf_counter",
    "perf_counter_ns", "monotonic", "monotonic_ns", "process_time", "now", "utcnow", "today",
    "count", "cycle", "getpid", "input",
}  # fmt: skip
"""Names of what may give something else at every call and says of nothing how far it is, such as a
generator without a seed or a clock."""


class Draws:
    """How far the generators are that every function may draw from, and those that were added.

    >>> import random
    >>> draws, rows = Draws(), iter([1, 2, 3])
    >>> draws.add(rows)
    True
    >>> random.random() < 1, next(rows)
    (True, 1)
    >>> draws.moved()
    ['random', 'list_iterator']
    """

    def __init__(self, everybodys: bool = True) -> None:
        """everybodys: with NumPy's and Python's own, which take a tenth of a millisecond."""
        self._watched: list[tuple[str, Callable[[], Any], Any]] = []
        if everybodys:
            self._watch_everybodys()

    def _watch_everybodys(self) -> None:
        self._watch("np.random", lambda: _legacy(np.random))
        self._watch("random", random.getstate)

    @classmethod
    def of(cls, function: Callable[..., Any]) -> Draws:
        """Those that a function, or one of its module that it calls, has captured or knows by a
        global name; everybody's where a name in it sounds like them."""
        found, seen, names = cls(False), set(), set[str]()
        stack: list[Any] = [function]
        while stack:
            f = stack.pop()
            if not isinstance(f, types.FunctionType):
                found.add(f)
            elif f not in seen and f.__module__ == function.__module__:
                seen.add(f)
                names.update(f.__code__.co_names)
                stack += [f.__globals__.get(name) for name in f.__code__.co_names]
                for cell in f.__closure__ or ():
                    with suppress(ValueError):               # it holds nothing yet
                        stack.append(cell.cell_contents)
        if any("rand" in name or name in _DRAWING for name in names):
            found._watch_everybodys()
        return found

    def _watch(self, name: str, read: Callable[[], Any]) -> None:
        self._watched.append((name, read, read()))

    def add(self, x: Any) -> bool:
        """Watch `x` too, if it is something to draw from; says whether it is."""
        read = _reader(x)
        if read is not None:
            self._watch(type(x).__name__, read)
        return read is not None

    def moved(self) -> list[str]:
        """The names of those that were drawn from since they are watched."""
        return list(dict.fromkeys(name for name, read, then in self._watched if read() != then))


def repeated(name: str) -> SeegradWarning:
    """That what was drawn from `name` comes again at every run."""
    return SeegradWarning(
        tr("what the function draws from {name} is drawn once, and the same at every run",
           name=name),
        hint=tr("pass a key and draw with sg.random, or draw before the call and pass what came"),
    )  # fmt: skip


@contextmanager
def told(function: Callable[..., Any], many: bool = True) -> Iterator[None]:
    """In this block `function` runs once: where that is for `many` runs, a warning names what it
    draws from."""
    draws = Draws.of(function) if many else None
    yield
    for name in draws.moved() if draws else ():
        warn_user(repeated(name))


def _reader(x: Any) -> Callable[[], Any] | None:
    """What says how far `x` is; None: it is nothing to draw from, or does not say."""
    if isinstance(x, random.Random):
        return x.getstate
    if isinstance(x, np.random.RandomState):
        return lambda: _legacy(x)
    if isinstance(x, np.random.Generator):
        return lambda: repr(x.bit_generator.state)
    if isinstance(x, types.GeneratorType):
        return lambda: _place(x)
    if isinstance(x, Iterator) and hasattr(x, "__length_hint__"):
        return lambda: length_hint(x)
    return None


def _place(generator: types.GeneratorType[Any, Any, Any]) -> Any:
    """Where a generator stands: in its code, in its variables, and in what it hands on."""
    frame, inner = generator.gi_frame, _reader(generator.gi_yieldfrom)
    variables = {name: id(value) for name, value in frame.f_locals.items()} if frame else {}
    return frame and frame.f_lasti, variables, inner and inner()


def _legacy(generator: Any) -> Any:
    state = generator.get_state(legacy=False)
    return repr({k: v for k, v in state.items() if k != "state"}), _frozen(state["state"])


def _frozen(state: Any) -> Any:
    return [v.tobytes() if isinstance(v, np.ndarray) else v for v in state.values()]
