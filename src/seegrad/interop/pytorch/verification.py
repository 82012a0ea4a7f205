"""Is a network the same as the module that it was made from? Measured, on the example.

Results, every parameter's gradient and what the kept values become are compared; where they
differ, the steps are compared one by one, each on the original's own inputs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from seegrad.errors import FormatError, SeegradError
from seegrad.i18n import tr
from seegrad.interop.pytorch import export
from seegrad.interop.pytorch.network import TorchNetwork
from seegrad.interop.pytorch.operators.algebra import SIGNS_FREE
from seegrad.interop.pytorch.program import Array, Condition, Step, Written, filled, refs
from seegrad.interop.pytorch.sizes import only, other_than
from seegrad.ops import reduce
from seegrad.tensor.tensor import Tensor, tensor
from seegrad.transforms.derivatives import grad
from seegrad.tree import flatten

OUTPUT, GRADIENT = 1e-5, 1e-4
"""How far a result and a gradient may be from the original's, relative to its largest number."""
OTHERWISE = 1e-3
"""How far a result may be at other sizes than the example's, where it is measured in float32."""
SMALL, LEAST = 0.05, 1e-3
"""A gradient is compared with its own largest number, or with so much of the largest of all; and
with no less than LEAST, below which numbers of a weighed sum are what rounding leaves."""


@dataclass(frozen=True)
class Verified:
    """How far a network is from the original, on the example, relative to the largest number.

    output, gradients (by parameter's name), kept (by name), inputs (their gradients, by name): the
    largest differences; modes: in which of use and training; draws: how many steps drew random
    numbers, which both were given.
    """

    output: float = 0.0
    gradients: Mapping[str, float] = field(default_factory=dict)
    kept: Mapping[str, float] = field(default_factory=dict)
    modes: tuple[str, ...] = ()
    draws: int = 0
    inputs: Mapping[str, float] = field(default_factory=dict)

    @property
    def gradient(self) -> float:
        """The largest difference of all gradients."""
        return max((*self.gradients.values(), *self.inputs.values()), default=0.0)

    def __str__(self) -> str:
        return (
            f"output {self.output:.1e}, gradients {self.gradient:.1e} "
            f"({len(self.gradients)} parameters), {' and '.join(self.modes)}"
        )


def weights(place: int, shape: Sequence[int]) -> Array:
    """What the numbers of a result are weighed with, before they are added up."""
    return np.random.default_rng(place).standard_normal(tuple(shape))


def verify(
    network: TorchNetwork, written: Written, module: Any, made: Mapping[str, Any], example: Any
) -> Verified:
    """Measure a network against the module; FormatError names the first step that differs.

    Where float32 rounds too much to tell, both are measured in float64.
    """
    found: list[Verified] = []
    training = network.training
    for mode in network.programs:
        if export.draws_within(made[mode]):
            continue
        observed = export.observe(module, made[mode], example, mode, weights)
        network.train(mode == "train")
        try:
            found.append(_measured(network, observed, example, mode))
        except _DiffersError as fault:
            exact = _in_float64(written, module, example, mode) if not observed.noise else None
            if exact is None:
                raise _first_difference(
                    network, module, made[mode], example, mode, fault, observed.own_backward
                ) from None
            found.append(exact)
        finally:
            network.train(training)
    return Verified(
        max((one.output for one in found), default=0.0),
        _largest(one.gradients for one in found),
        _largest(one.kept for one in found),
        tuple(mode for one in found for mode in one.modes),
        max((one.draws for one in found), default=0),
        _largest(one.inputs for one in found),
    )


def _in_float64(written: Written, module: Any, example: Any, mode: str) -> Verified | None:
    """The same measured in float64; None where that differs, too."""
    wide = {
        name: x.astype(np.float64) if x.dtype.kind == "f" else x
        for name, x in written.state.items()
    }
    network = TorchNetwork(replace(written, state=wide))
    network.train(mode == "train")
    try:
        twin, same = export.in_float64(module, example)
        return _measured(network, export.observe(twin, None, same, mode, weights), same, mode)
    except (_DiffersError, SeegradError, RuntimeError):
        return None


def _largest(several: Any) -> dict[str, float]:
    total: dict[str, float] = {}
    for one in several:
        for name, value in one.items():
            total[name] = max(total.get(name, 0.0), value)
    return total


def without_other_sizes(
    network: TorchNetwork, module: Any, made: Mapping[str, Any], example: Any
) -> tuple[Condition, ...]:
    """Which free sizes a network may be called with, where it is not the module at all of them.

    A written graph takes for granted that no size is 0 or 1; so what is done in use is compared
    at these sizes, and at one more than the example's. What the module refuses is let be.
    """
    program = network.programs.get("eval")
    if program is None or export.draws(made["eval"]):
        return ()
    training = network.training
    network.eval()
    arrays = [x for x in export.as_arrays(example) if isinstance(x, np.ndarray)]
    places: dict[str, list[int]] = {}
    for place, (one, x) in enumerate(zip(program.wanted, arrays)):
        if one.shape and isinstance(one.shape[0], str) and len(x):
            places.setdefault(one.shape[0], []).append(place)
    found = []
    for name, several in places.items():
        own = len(arrays[several[0]])
        for size, condition in ((0, other_than(name, 0)), (1, other_than(name, 1)),
                                (own + 1, only(name, own))):  # fmt: skip
            other = export.resized(example, dict.fromkeys(several, size))
            if not _same_results(network, module, other):
                found.append(condition)
    network.train(training)
    return tuple(found)


def _same_results(network: TorchNetwork, module: Any, example: Any) -> bool:
    """Does a network give what the module gives, where both take the example?"""
    arrays = [x for x in export.as_arrays(example) if isinstance(x, np.ndarray)]
    theirs = export.results(module, example)
    if theirs is None or not network.program().serves([x.shape for x in arrays]):
        return True
    try:
        with _unchanged(network):
            mine, _ = flatten(network(*arrays))
    except SeegradError:
        return True
    pairs = [(_value(a), b) for a, b in zip(mine, theirs) if isinstance(b, np.ndarray)]
    return all(apart(a, b) <= OTHERWISE for a, b in pairs)


class _DiffersError(Exception):
    """What differs, and by how much."""

    def __init__(self, what: str, by: float) -> None:
        super().__init__(what)
        self.what, self.by = what, by


def apart(mine: Any, theirs: Any, least: float = 0.0) -> float:
    """The largest difference, relative to the largest number; ∞ where one is NaN or infinite."""
    a, b = np.asarray(mine), np.asarray(theirs)
    if a.shape != b.shape:
        return float("inf")
    if a.dtype.kind not in "fc" and b.dtype.kind not in "fc":
        return float(np.max(a != b, initial=0))
    a, b = a.astype(np.float64), b.astype(np.float64)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    if not np.all(np.isfinite(a) == np.isfinite(b)):
        return float("inf")
    with np.errstate(invalid="ignore"):
        gaps = np.where(same, 0.0, np.abs(a - b))
    scale = max(float(np.max(np.abs(b), initial=0.0, where=np.isfinite(b))), least, 1e-30)
    return float(np.nan_to_num(np.max(gaps, initial=0.0) / scale, nan=np.inf))


@contextmanager
def _unchanged(network: TorchNetwork) -> Iterator[None]:
    """What the network keeps is afterwards as it was, and no draws are given to it."""
    before = {name: np.array(t.value) for name, t in network.named_state()}
    try:
        yield
    finally:
        network._given = {}
        for name, tensor in network.named_state():
            tensor.assign(before[name])


def _measured(
    network: TorchNetwork, observed: export.Observed, example: Any, mode: str
) -> Verified:
    with _unchanged(network):
        network._given = dict(observed.noise)
        inputs = [x for x in export.as_arrays(example) if isinstance(x, np.ndarray)]
        results, grads, by_input = _differentiated(network, inputs)
        kept = {n: apart(network.at(n).value, v) for n, v in observed.changed.items()}
    if len(results) != len(observed.results):
        raise _DiffersError(tr("the number of results"), float("inf"))
    output = max(
        (apart(_value(a), b) for a, b in zip(results, observed.results)), default=0.0
    )
    if not output <= OUTPUT:
        raise _DiffersError(tr("the result in mode {mode}", mode=mode), output)
    gaps = _gaps(grads, observed.gradients)
    wanted = network.program().wanted
    names = (one.name for one in wanted if one.dtype is not None and one.dtype.kind == "f")
    places = dict(zip(by_input, names))
    inner = {places[n]: gap for n, gap in _gaps(by_input, observed.by_input).items()}
    for what, found in ((tr("the gradient of {name}"), {**inner, **gaps}),
                        (tr("what {name} becomes"), kept)):  # fmt: skip
        for name, gap in found.items():
            if not gap <= GRADIENT:
                raise _DiffersError(what.format(name=name), gap)
    return Verified(output, gaps, kept, (mode,), len(observed.noise), inner)


def _gaps(mine: Mapping[str, Array], theirs: Mapping[str, Array]) -> dict[str, float]:
    """How far each gradient is from the original's."""
    most = max((float(np.max(np.abs(g), initial=0.0)) for g in theirs.values()), default=0.0)
    least = max(SMALL * most, LEAST)
    return {name: apart(mine[name], g, least) for name, g in theirs.items()}


def _value(x: Any) -> Any:
    return x.value if isinstance(x, Tensor) else x


def _differentiated(
    network: TorchNetwork, inputs: Sequence[Any]
) -> tuple[list[Any], dict[str, Array], dict[str, Array]]:
    """The results as a flat list, and the gradients of their weighed sum: of the parameters by
    name, and of the inputs with fractions by place."""
    parameters = network.named_parameters()
    network.zero_grad()
    given = [tensor(x, requires_grad=True) if x.dtype.kind == "f" else x for x in inputs]
    leaves = [(str(i), x) for i, x in enumerate(x for x in given if isinstance(x, Tensor))]
    results, _ = flatten(network(*given))
    total: Any = 0.0
    for place, result in enumerate(results):
        if isinstance(result, Tensor) and result.dtype.kind == "f":
            weight = weights(place, result.shape).astype(result.dtype)
            total = total + reduce.sum(result * weight)
    if isinstance(total, Tensor) and total.requires_grad:
        total.backward()
    grads, by_input = (
        {name: np.zeros(x.shape, x.dtype) if x.grad is None else _value(x.grad) for name, x in them}
        for them in (parameters, leaves)
    )
    network.zero_grad()
    return results, grads, by_input


# --------------------------------------------------------------- which step it is


def _first_difference(
    network: TorchNetwork, module: Any, made: Any, example: Any, mode: str, fault: _DiffersError,
    own_backward: bool,
) -> SeegradError:  # fmt: skip
    theirs, noise = export.every_value(module, made, example, mode)
    training = network.training
    network.train(mode == "train")
    network._given = noise
    where, came = "", f"{fault.what}: {fault.by:.1e}"
    used: dict[str, set[Any]] = {}
    ends = {ref.name for ref in network.program().changed.values()}
    for step in network.program().steps:
        if step.operator == "python.getitem" and step.name not in ends:
            whole, place = step.arguments.values()
            used.setdefault(whole.name, set()).add(place)
    for step in network.program().steps:
        if step.operator.startswith("python."):
            continue
        gap = _alone(network, step, theirs, used.get(step.name))
        if gap > GRADIENT:
            where = step.name
            came += f"; {step.operator.removesuffix('.default')} {gap:.1e}"
            came += f"; {step.line}" if step.line else ""
            break
    turned = bool(where) and _only_signs(network, step, theirs)
    network._given = {}
    network.train(training)
    if turned:
        return FormatError(
            tr("the vectors of {name} have other signs than PyTorch's", name=where),
            asked=tr("results that do not depend on a sign that nothing decides"),
            came=came,
            hint=tr("use such as U·S·Vᵀ, |U| or projections; or verify=False: both are right"),
        )
    return FormatError(
        tr("{name} differs from PyTorch", name=where or tr("the network")),
        asked=tr("the same result and gradients on the example"),
        came=came,
        hint=tr("report it; verify=False reads the module all the same") if where else
        tr("no step differs by itself: torch.export leaves out the backward of a "
           "torch.autograd.Function; sg.custom_vjp states one") if own_backward else
        tr("no step differs by itself: what torch.export wrote down is not what the module does; "
           "verify=False reads it all the same"),
    )  # fmt: skip


def _only_signs(network: TorchNetwork, step: Step, theirs: Mapping[str, Any]) -> bool:
    """Is a step PyTorch's but for signs of vectors, which both are free to choose?"""
    if step.operator.partition(".")[0] not in SIGNS_FREE:
        return False
    pairs = zip(flatten(network.alone(step, theirs))[0], flatten(theirs[step.name])[0])
    return all(apart(abs(np.asarray(_value(a))), abs(b)) <= GRADIENT for a, b in pairs)


def _alone(
    network: TorchNetwork, step: Step, theirs: Mapping[str, Any], used: Any = None
) -> float:
    """How far one step is from PyTorch's, on PyTorch's own inputs: its results and derivatives.

    used: which of several results anything depends on.
    """
    given = {name: filled(value, theirs) for name, value in step.arguments.items()}
    want, _ = flatten(theirs[step.name])
    try:
        mine = network.alone(step, theirs)
    except SeegradError:
        return float("inf")
    have, _ = flatten(mine)
    gap = max((apart(_value(a), b) for a, b in zip(have, want) if _compared(a, b)), default=0.0)
    shares = [
        weights(i, b.shape)
        if isinstance(b, np.ndarray) and b.dtype.kind == "f" and (used is None or i in used)
        else None
        for i, b in enumerate(want)
    ]
    if step.name in network._given:
        return gap
    try:
        pulled = export.pulled(step, given, shares)
        own = _pulled(network, step, theirs, shares)
    except (RuntimeError, TypeError, ValueError):
        return gap
    most = max((float(np.max(np.abs(g), initial=0.0)) for g in pulled if g is not None), default=0)
    for a, b in zip(own, pulled):
        if b is not None:
            gap = max(gap, apart(a, b, max(SMALL * most, LEAST)))
    return gap


def _compared(a: Any, b: Any) -> bool:
    """Results that are made here: those that nothing uses may be left empty."""
    return isinstance(b, np.ndarray) and tuple(np.shape(_value(a))) == b.shape


def _pulled(
    network: TorchNetwork, step: Step, theirs: Mapping[str, Any], shares: Sequence[Any]
) -> list[Any]:
    names = [n for n in _arrays_of(step, theirs) if theirs[n].dtype.kind == "f"]

    def total(*arrays: Any) -> Any:
        results, _ = flatten(network.alone(step, {**theirs, **dict(zip(names, arrays))}))
        found: Any = 0.0
        for result, share in zip(results, shares):
            if share is not None and tuple(result.shape) == share.shape:
                found = found + reduce.sum(result * share.astype(result.dtype))
        return found

    return list(grad(total, tuple(range(len(names))))(*[theirs[n] for n in names]))


def _arrays_of(step: Step, theirs: Mapping[str, Any]) -> list[str]:
    names = (name for value in step.arguments.values() for name in refs(value))
    return [name for name in names if isinstance(theirs[name], np.ndarray)]
