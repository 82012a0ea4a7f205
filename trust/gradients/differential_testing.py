"""D1: one random program, several roads to its derivative, which must meet.

The roads: the rules on arrays (eager), the rules on tensors (the derivative as a graph), the
forward derivative, composites spelt out in simpler ops, the graph expanded and folded again,
central differences, PyTorch as an outside judge. The compiled road is row C1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

import seegrad as sg
from trust.harness.random_programs import Program, by_table, random_program
from trust.harness.row import Found, Run, first, row

try:
    import torch
except ImportError:  # the outside judge is not needed for the others
    torch = None  # type: ignore[assignment]

RENAMED = {
    "power": "pow", "arccosh": "acosh", "arcsinh": "asinh", "arctanh": "atanh", "arccos": "acos",
    "arcsin": "asin", "arctan": "atan", "arctan2": "atan2", "norm": "linalg.vector_norm",
    "max": "amax", "min": "amin", "concatenate": "cat", "greater": "gt", "negative": "neg",
    "bounded_log": "log",
}  # fmt: skip
ACTIVATIONS = {"relu", "elu", "gelu", "silu", "softplus", "leaky_relu"}


def by_torch(name: str, args: Sequence[Any], attrs: dict[str, Any]) -> Any:
    """Run a step as PyTorch does; NotImplementedError for what it has no word for."""
    given = [a if torch.is_tensor(a) else torch.tensor(a, dtype=torch.float64) for a in args]
    x = given[0]
    match name:
        case "identity":
            return x * 1
        case "cbrt":
            return torch.sign(x) * torch.abs(x) ** (1 / 3)
        case "elu":
            return torch.where(x > 0, x, torch.expm1(x))
        case "leaky_relu":
            return torch.where(x > 0, x, 0.01 * x)
        case "where":
            return torch.where(given[0].bool(), given[1], given[2])
        case "strided_slice":
            for axis, (start, length, step) in enumerate(attrs["index"]):
                rows = torch.arange(length) * step + start
                x = torch.index_select(x, axis, rows)
            return x
        case "reshape":
            return x.reshape(attrs["shape"])
        case "transpose":
            return x.permute(attrs["axes"])
        case "swapaxes":
            return x.swapaxes(attrs["axis1"], attrs["axis2"])
        case "expand_dims":
            return x.unsqueeze(attrs["axis"])
        case "squeeze":
            return x.squeeze()
        case "concatenate":
            return torch.cat(given, attrs["axis"])
        case "sort":
            return torch.sort(x, dim=attrs["axis"], stable=True).values
        case "flip":
            return torch.flip(x, [attrs["axis"]])
        case "prod" | "var":
            axis = attrs["axis"]
            flat = x.reshape(-1) if axis is None else x
            settings = {"correction": 0} if name == "var" else {}
            dim = 0 if axis is None else axis
            out = getattr(torch, name)(flat, dim=dim, keepdim=attrs["keepdims"], **settings)
            shape = (1,) * x.ndim if attrs["keepdims"] else ()
            return out.reshape(shape) if axis is None else out
        case "logsumexp" | "max" | "min" | "norm" | "sum" | "mean":
            function = torch.linalg.vector_norm if name == "norm" else None
            function = function or getattr(torch, RENAMED.get(name, name))
            axis = attrs.get("axis")
            dims = tuple(range(x.ndim)) if axis is None else (axis,)
            if not x.ndim:
                return x.reshape(1).norm() if name == "norm" else x * 1
            return function(x, dim=dims, keepdim=attrs.get("keepdims", False))
        case "standardize":
            axis, eps = attrs.get("axis", -1), attrs.get("eps", 1e-5)
            dims = tuple(range(x.ndim)) if axis is None else axis
            variance, mean = torch.var_mean(x, dims, correction=0, keepdim=True)
            return (x - mean) / torch.sqrt(variance + eps)
        case "softmax" | "log_softmax" | "cumsum":
            return getattr(torch, name)(x, attrs["axis"])
        case "ive":
            near = x.abs() < 1e-3                # x²/8 + x⁴/96 there, where the quotient is 0/0
            far = torch.special.i0e(x) - 2 * torch.special.i1e(x) / torch.where(near, 1.0, x)
            return torch.where(near, x**2 / 8 * (1 + x**2 / 12) * torch.exp(-x.abs()), far)
        case "polygamma":
            return torch.special.polygamma(attrs.get("n", 0), x)
        case "finite":
            return torch.nan_to_num(x, 0.0, 0.0, 0.0)
        case "step":
            return torch.heaviside(x, torch.tensor(0.5, dtype=x.dtype))
    places = (torch, torch.special, torch.nn.functional)
    found = (getattr(place, RENAMED.get(name, name), None) for place in places)
    if name in ACTIVATIONS:
        return getattr(torch.nn.functional, name)(x)
    function = next((each for each in found if each is not None), None)
    if function is None or attrs:
        raise NotImplementedError(name)
    return function(*given)


def by_bodies(name: str, args: Sequence[Any], attrs: dict[str, Any]) -> Any:
    """Run a step with composites spelt out in simpler ops."""
    op = sg.TABLE[name]
    if op.body is None or op.inlined:
        return op(*args, **attrs)
    given = [a if isinstance(a, sg.Tensor) else np.asarray(a, float) for a in args]
    return op.body(*given, **op.canonical_attrs(*given, **attrs))


def _close(a: Any, b: Any, rtol: float, atol: float) -> bool:
    return bool(np.allclose(np.asarray(a), np.asarray(b), rtol=rtol, atol=atol))


def _there_and_back(z: Any) -> Any:
    return sg.fold(sg.expand(z))


def _gradients(
    program: Program, apply: Any, turn: Callable[[Any], Any] | None = None
) -> tuple[Any, list[Any]]:
    """The value and its derivatives; of the graph that `turn` makes of it, where it is given."""
    leaves = [sg.tensor(x) for x in program.leaves]
    out = program.run(leaves, apply)
    out = out if turn is None else turn(out)
    out.backward()
    return out.value, [np.zeros(x.shape) if x.grad is None else x.grad for x in leaves]


def roads(program: Program) -> Iterator[tuple[str, Any, list[Any], float]]:
    """(name, value, derivatives, tolerance) by every road; the first is the one compared with."""
    value, eager = _gradients(program, by_table)
    yield "arrays", value, eager, 0.0
    count = range(len(program.leaves))

    def function(*xs: Any) -> Any:
        return program.run(xs, by_table)

    graph = sg.grad(function, count)(*[sg.tensor(x) for x in program.leaves])
    yield "as a graph", value, [g.value for g in graph], 1e-10
    yield "spelt out", *_gradients(program, by_bodies), 1e-8
    yield "expanded", *_gradients(program, by_table, sg.expand), 1e-8
    yield "expanded and folded", *_gradients(program, by_table, _there_and_back), 1e-8
    rng = np.random.default_rng(0)
    along = [rng.uniform(-1, 1, x.shape) for x in program.leaves]
    _, change = sg.jvp(function, program.leaves, along)
    if not _close(change, sum(np.sum(g * t) for g, t in zip(eager, along)), 1e-9, 1e-10):
        yield "forward", change, [], 0.0
    if torch is not None:
        leaves = [torch.tensor(x, requires_grad=True) for x in program.leaves]
        out = program.run(leaves, by_torch)
        out.backward()
        found = [np.zeros(x.shape) if x.grad is None else x.grad.numpy() for x in leaves]
        yield "PyTorch", out.detach().numpy(), found, 1e-7


def difference(program: Program) -> str | None:
    """Which roads part; None when all meet."""
    (_, value, eager, _), *others = roads(program)
    for name, other, found, rtol in others:
        if not _close(value, other, max(rtol, 1e-10), 1e-10):
            return f"{name}: the value is {other}, not {value}: {program.text()}"
        for a, b in zip(eager, found):
            if not _close(a, b, rtol, max(rtol, 1e-10)):
                far = np.abs(a - b).max()
                return f"{name}: a derivative differs by {far:.2e}: {program.text()}"

    def function(*xs: Any) -> Any:
        return program.run(xs, by_table)

    if not (report := sg.gradcheck(function, *program.leaves)):
        return f"differences: {report.wrong[0]}: {program.text()}"
    return None


@row(
    "D1",
    "random programs of 5–60 ops: eager, as a graph, forward, spelt out, expanded, folded again,"
    " differences, PyTorch",
    "≥ 2,000: all roads meet",
    count=2000,
    sample=25,
    seconds=900,
)
def d1(run: Run) -> Found:
    rng, faults, done = run.rng, [], 0
    with np.errstate(all="ignore"):
        while done < run.count and not run.out_of_time():
            done += 1
            if fault := difference(random_program(rng, 5, int(rng.integers(6, 61)))):
                faults.append(fault)
    judges = "" if torch is not None else " (PyTorch is not installed)"
    return Found(
        f"{len(faults)} of {done:,} differ{judges}", first(faults), whole=done == run.count
    )
