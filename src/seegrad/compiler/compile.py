"""sg.compile: a function traced once for each kind of call, compiled, and run from then on.

Cached by shapes, dtypes, static arguments and everything captured; a change traces again.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Generic, ParamSpec, TypeVar, overload

import numpy as np

from seegrad.compiler import collecting
from seegrad.compiler.epoch import Epoch, count_rows, drawn_rows
from seegrad.compiler.free_axes import Filled, FreeAxes, Wish, refused, wish
from seegrad.compiler.inspect import profile, source
from seegrad.compiler.recompiling import OFTEN, change, often
from seegrad.compiler.runtime import thread_pool
from seegrad.compiler.runtime.workspace import Workspace
from seegrad.compiler.specialization import (
    ARRAYS,
    Asked,
    Kind,
    Retraced,
    Variant,
    argument,
    kind_of,
)
from seegrad.errors import LOGGER, ValueRangeError, warn_user
from seegrad.graph.graph import Graph
from seegrad.graph.mode import current_mode
from seegrad.graph.node import Node
from seegrad.i18n import tr
from seegrad.transforms.draws import repeated
from seegrad.transforms.free_axes.fitting import Refusal
from seegrad.tree import Structure, flatten, unflatten

Function = Callable[..., Any]
P = ParamSpec("P")
R = TypeVar("R")
KINDS = 64
"""So many kinds of call are kept compiled; the oldest goes first."""
FILLED = 256
"""So many kinds of call that run the program of another are kept; they hold no code."""
ASLEEP = 4
"""So many forms of one kind of call are kept that do not suit what is captured as it is now: it
may come to be again as it was, as a network does between `train()` and `eval()`."""


class Compiled(Generic[P, R]):
    """A compiled function; `seegrad.compile` makes it.

    Args:
        threads: at most so many; all cores when None.
        free: axes whose length may vary, as `compile` takes them.

    >>> import seegrad as sg
    >>> @sg.compile
    ... def f(x):
    ...     return sg.sin(x).sum()
    >>> round(float(f(np.array([1.0, 2.0]))), 4)
    1.7508
    >>> [node.op.name for node in f.graph_after("trace").nodes if node.op is not None]
    ['sin', 'sum']
    >>> f.watch()
    >>> bool(str(f.profile(np.array([1.0, 2.0]))))
    True
    """

    def __init__(
        self, function: Callable[P, R], threads: int | None, free: Wish | None = None
    ) -> None:
        self.free = FreeAxes(function, free)
        self.function = function
        self.threads = threads or thread_pool.thread_count()
        self.variants: list[Variant] = []         # the latest used first
        self.names: tuple[str, ...] = ()
        self.told = False                         # that free axes are none
        self.workspace = Workspace()
        self.changes: list[str] = []              # what was different at each compilation but one
        self.lock: Any = threading.RLock()
        thread_pool.renew_lock_after_fork(self)
        functools.update_wrapper(self, function, updated=())

    # ------------------------------------------------------------------ calling

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        mode = current_mode()
        if mode.tracer is not None or mode.depth:
            return self.function(*args, **kwargs)          # a part of a larger graph
        with self.lock:
            asked = (mode.recording, self.threads, self.names)     # an `Asked`, made fast
            for variant in () if kwargs else self.variants:
                if variant.serves(args, asked) and not variant.stale():
                    if variant is not self.variants[0]:
                        self._put_first(variant)
                    if mode.watch is None:
                        return variant.run(args)  # type: ignore[no-any-return]
                    return self._watched(variant, args)  # type: ignore[no-any-return]
            variant, values = self._for(args, kwargs)
            return variant.run(values) if mode.watch is None else self._watched(variant, values)  # type: ignore[no-any-return]

    def _for(self, args: Sequence[Any], kwargs: dict[str, Any]) -> tuple[Variant, list[Any]]:
        """The form for a call, and its arrays. Raises DTypeError for what has no numbers."""
        given, structure = flatten((list(args), kwargs))
        leaves = [*map(argument, given)]
        if any(x is not y for x, y in zip(leaves, given)):
            args, kwargs = unflatten(structure, leaves)
        variant = self._variant(leaves, structure, args, kwargs)
        return variant, [x for x in leaves if isinstance(x, ARRAYS)]

    def _watched(self, variant: Variant, values: Sequence[Any]) -> Any:
        variant.executable.take_state()
        variant.locate_non_finite(values)              # before anything is assigned
        return variant.run(values)

    def _put_first(self, variant: Variant) -> None:
        self.variants.remove(variant)
        self.variants.insert(0, variant)

    def _variant(
        self, leaves: Sequence[Any], structure: Structure, args: Sequence[Any],
        kwargs: dict[str, Any], rows: Sequence[Any] = (),
    ) -> Variant:
        """The form for this kind of call, made if there is none that still holds.

        Forms for other modes, for parameters frozen or not, with gradients or without, stay beside
        each other, and so do some for what was captured and has changed.
        """
        asked = Asked(current_mode().recording, self.threads, self.names)
        kind = Kind(structure, tuple(map(kind_of, leaves)), asked, tuple(rows))
        asleep, nearly = 0, None
        for variant in [v for v in self.variants if v.kind == kind]:
            if not variant.stale():
                if variant.suits():
                    self._put_first(variant)
                    return variant
                continue
            asleep += 1
            if variant.outdated() or asleep > ASLEEP:
                self.variants.remove(variant)
            elif nearly is None and type(variant) is Variant and variant.suits():
                nearly = variant
        if nearly is not None and self._goes_on(nearly, args, kwargs, kind):
            self._put_first(nearly)
            return nearly
        began = time.perf_counter()
        with collecting.waiting():
            made = self._made(args, kwargs, kind)
        LOGGER.debug(
            tr("compiled {name} in {seconds} s, form {count}",
               name=getattr(self.function, "__qualname__", type(self.function).__name__),
               seconds=f"{time.perf_counter() - began:.3f}", count=len(self.variants) + 1)
        )  # fmt: skip
        self.variants.insert(0, made)
        alike = [v for v in self.variants if isinstance(v, Filled) is isinstance(made, Filled)]
        for oldest in alike[FILLED if isinstance(made, Filled) else KINDS :]:
            self.variants.remove(oldest)
        return made

    def _goes_on(
        self, variant: Variant, args: Sequence[Any], kwargs: dict[str, Any], kind: Kind
    ) -> bool:
        """Whether a stale form still holds: what is different stands nowhere in the function's
        code, and the function, traced once more, does what it did. It is not looked at any more.
        """
        beside = variant.environment.unread()
        if beside is None:
            return False
        with collecting.waiting():
            now = Retraced(self.function, args, kwargs, kind, self._alike, self.workspace)
        if not now.does_as(variant):
            return False
        now.environment.let_be(beside)
        variant.environment = now.environment
        return True

    def _made(self, args: Sequence[Any], kwargs: dict[str, Any], kind: Kind) -> Variant:
        """A form for a kind of call of which there is none; what it draws once is told."""
        made = self._compiled(args, kwargs, kind)
        if made.environment.anew and not made.drawn:
            again = Retraced(self.function, args, kwargs, kind, self._alike, self.workspace)
            if not again.does_as(made):
                warn_user(repeated(", ".join(sorted(made.environment.anew))))
        return made

    def _compiled(self, args: Sequence[Any], kwargs: dict[str, Any], kind: Kind) -> Variant:
        """Traced and compiled, or filled up to one that is."""
        try:
            found = self.free.variant(
                args, kwargs, kind, self.variants, self._note_change, self._alike, self.workspace
            )
            if found is not None:
                return found
        except Refusal as why:
            if self.free.asked is not None and not self.told:
                self.told = True
                warn_user(refused(self.function, why))
        self._note_change(kind)
        return Variant(self.function, args, kwargs, kind, self._alike, self.workspace)

    def _note_change(self, kind: Kind) -> None:
        """Keep why the function is compiled again; say so when it has been often, once."""
        if self.variants and len(self.changes) < OFTEN - 1:
            self.changes.append(change(self.function, self.variants[0], kind))
            if len(self.changes) == OFTEN - 1:
                warn_user(often(self.function, self.changes))

    def _alike(self, function: Function) -> Compiled[..., Any]:
        """Another function, compiled as this one is."""
        return Compiled(function, self.threads)

    # ------------------------------------------------------------------ a whole pass

    def epoch(
        self,
        *arrays: Any,
        batch: int,
        seed: int = 0,
        shuffle: bool = True,
        replace: bool = False,
        rows: Any = None,
        progress: Callable[[int, Any], Any] | None = None,
        finite: bool = False,
    ) -> Any:
        """One pass over mini-batches of the arrays, in native code, gathering included.

        Args:
            arrays: what the function takes, with one row for each example (N, …).
            batch: rows a step; the last batch holds what is left.
            seed, shuffle, replace: the order of rows, as `seegrad.data.batches` draws it.
            rows: the row numbers themselves instead: (steps, batch), or a list of such rows.
            progress: called now and then with (steps done, results of the latest slice); when
                it gives something true, the pass ends there.
            finite: stop before the first step that gives a NaN or an infinity: everything is
                put back to what it was then, and NonFiniteError says where it was born.

        Returns what the function gives, for each step: (steps,) for a loss. Raises
        IndexRangeError for a row that is not there; an interrupt leaves whole steps behind.

        >>> import seegrad as sg
        >>> f = sg.compile(lambda x: (x * x).sum())
        >>> len(f.epoch(np.ones((6, 2)), batch=2))
        3
        """
        data = [_rows_of(x) for x in arrays]
        if rows is None:
            rows = drawn_rows(count_rows(data), batch, seed, shuffle, replace)
        with self.lock:
            return Epoch(data, self._variant_of_rows, progress, finite).run(rows)

    def _variant_of_rows(self, samples: Sequence[Any], shapes: Sequence[Any]) -> Variant:
        """The form for mini-batches like `samples`, of data sets of these shapes."""
        leaves, structure = flatten((list(samples), {}))
        return self._variant(leaves, structure, samples, {}, shapes)

    # ------------------------------------------------------------------ seeing inside

    @property
    def graph(self) -> Graph:
        """The graph of the latest kind of call, after all passes."""
        return self.newest.graph

    def watch(self, *names: str) -> None:
        """Bring out values inside of the compiled function from the next call on.

        names: a node's name, `affine1.out` for what a layer gives, `affine1.W.grad` for the
        gradient of a parameter; none: stop watching. Only what is watched costs anything: it is
        written to memory, and fusion stops there. `watched` has the values of the latest call,
        or of every step of an epoch. Raises ValueRangeError, at that call, for unknown names.
        """
        with self.lock:
            self.names = tuple(names)

    @property
    def watched(self) -> dict[str, Any]:
        """The values of what is watched, by name."""
        return dict(self.newest.seen)

    @property
    def source(self) -> str:
        """The kernels as readable text, with the names of nodes and frames."""
        return source.source(self.newest)

    @property
    def assembly(self) -> str:
        """The native programs as LLVM's assembly."""
        return source.assembly(self.newest)

    @property
    def report(self) -> str:
        """What was compiled, what goes through NumPy and why, what each pass left."""
        return source.report(self.newest)

    def profile(self, *args: Any, **kwargs: Any) -> profile.Profile:
        """Time, operations, bytes and share of the machine's peak of every kernel.

        Runs each kernel alone, on one thread and on copies of the state, which stays as it is.
        """
        with self.lock:
            return profile.profile(*self._for(args, kwargs))

    def graph_after(self, name: str) -> Graph:
        """The graph as the named pass left it; "trace" is what the function did.

        Args:
            name: of a pass, as `report` names them.

        Raises:
            ValueRangeError: for a pass that there is not.
        """
        records = self.newest.records
        for record in reversed(records):
            if record.name == name:
                return record.graph
        names = ", ".join(dict.fromkeys(r.name for r in records))
        raise ValueRangeError(
            tr("there is no pass {name}", name=repr(name)),
            asked=names,
            came=name,
        )

    @property
    def newest(self) -> Variant:
        """The form that was used last."""
        if not self.variants:
            raise ValueRangeError(
                "nothing is compiled yet", hint="call the function once, or its epoch"
            )
        return self.variants[0]


def _rows_of(x: Any) -> Any:
    """A data set of an epoch, as compiled code can read it. Raises DTypeError."""
    data = x.data if isinstance(x, Node) else x
    return argument(data if isinstance(data, np.ndarray) else np.asarray(data))


@overload
def compile(
    function: Callable[P, R], *, threads: int | None = None, free: Any = None, lengths: Any = None
) -> Compiled[P, R]: ...
@overload
def compile(
    function: None = None, *, threads: int | None = None, free: Any = None, lengths: Any = None
) -> Callable[[Callable[P, R]], Compiled[P, R]]: ...
def compile(
    function: Function | None = None, *, threads: int | None = None, free: Any = None,
    lengths: Any = None,
) -> Any:
    """A function of arrays as one native program, made at its first call.

    Parameters, optimizer state and random keys that the function uses are state: read at every
    call, and assigned. Shapes, dtypes, Python values and captured variables are part of the
    trace: when they change, it is traced again. Recording or `sg.no_grad()`, and parameters frozen
    or not, are forms of their own. A result that depends on arguments or captured tensors that
    require a gradient is a node of the graph around it, whose derivative is compiled when it is
    first needed; where the function also assigns those tensors, as a training step does, a
    backward pass that comes to its result is an error. Fastest is one compiled whole: `compile(
    grad(f))`, or a step with its `backward()` inside.

    `.grad` of a leaf is afterwards what the function left there, as in eager, but for leaves that
    the function assigns too, as an optimizer's step does: their gradients are used up inside of
    the kernels and never written to memory, and their `.grad` is None.
    `step.watch("affine1.W.grad")` brings one out.

    Args:
        function: what to compile; may be left out when used as `@compile(threads=1)`.
        threads: at most so many; SEEGRAD_NUM_THREADS, or all cores, when not given.
        free: axes that may have any length: `{"x": 0}`, `{"x": (0, 1), "mask": 1}`. Arguments are
            filled up to the next of `lengths`, and one program serves all lengths below: what lies
            beside has no part in any result, which is that of the call as it is, to rounding.
            Where that cannot be, FreeAxisWarning says why, once, and every length is compiled.
        lengths: what free axes are filled up to; powers of two from 32 when not given. What is
            longer than all of them is compiled as it is.

    Raises CallError, ValueRangeError for a `free` that is none; ShapeError, at a call, for an
    array without such an axis.

    >>> import seegrad as sg
    >>> import numpy as np
    >>> f = sg.compile(lambda x: (sg.sin(x) ** 2 + sg.cos(x) ** 2).sum())
    >>> round(f(np.linspace(0.0, 1.0, 5)).item(), 12)
    5.0
    """
    if function is None:
        return functools.partial(compile, threads=threads, free=free, lengths=lengths)
    return Compiled(function, threads, wish(function, free, lengths))
