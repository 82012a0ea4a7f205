"""Forward and gradient against PyTorch: every op it has under some name, and random programs."""

from __future__ import annotations

import numpy as np
import pytest
from drawn import DRAWN, sample
from hypothesis import given
from hypothesis import strategies as st

import seegrad as sg
from trust.harness.sampling import floats

torch = pytest.importorskip("torch", reason="PyTorch is a test extra; it is not installed")
F = torch.nn.functional


def _dims(attrs):
    """Our names of attributes in PyTorch's words."""
    words = {"axis": "dim", "keepdims": "keepdim", "axis1": "dim1", "axis2": "dim2"}
    return {words.get(k, k): v for k, v in attrs.items()}


def _all_axes(function):
    def reduced(x, axis, keepdims):
        for i in sorted(axis, reverse=True):
            x = function(x, dim=i, keepdim=keepdims)
        return x

    return reduced


def _amax(function):
    return lambda x, axis, keepdims: function(x, dim=axis, keepdim=keepdims) if axis else x * 1


def _var(x, axis, keepdims, ddof):
    return torch.var(x, dim=axis, correction=ddof, keepdim=keepdims) if axis else x * 0


def _std(x, axis, keepdims, ddof):
    return torch.std(x, dim=axis, correction=ddof, keepdim=keepdims) if axis else x * 0


def _square(x):
    return (*x.shape, *x.shape)[-2:] if x.ndim == 1 else x.shape


def _along(function):
    # a single number has no axis, and is its own row in PyTorch too
    return lambda x, axis, **rest: function(x, dim=0 if axis == () else axis, **rest)


def _losses(function):
    return lambda x, t: function(x, t.to(x.dtype))


def _labels(x, t):
    return F.cross_entropy(x.reshape(-1, x.shape[-1]), t.reshape(-1)) if t.dtype == torch.long \
        else F.cross_entropy(x.reshape(-1, x.shape[-1]), t.reshape(-1, x.shape[-1]))  # fmt: skip


THEIRS = {
    "identity": lambda x: x * 1, "reciprocal": torch.reciprocal,
    "cbrt": lambda x: x ** (1 / 3), "power_scalar": lambda x, exponent: x**exponent,
    "clip": lambda x, low, high: torch.clamp(x, low, high), "mod": torch.remainder,
    "power": torch.pow, "relu": F.relu, "elu": lambda x, alpha: F.elu(x, alpha),
    "leaky_relu": lambda x, slope: F.leaky_relu(x, slope), "silu": F.silu,
    "gelu": lambda x, approximate: F.gelu(x, approximate="tanh" if approximate else "none"),
    "softplus": F.softplus, "softmax": _along(torch.softmax),
    "log_softmax": _along(torch.log_softmax),
    "sum": lambda x, axis, keepdims: torch.sum(x, dim=axis, keepdim=keepdims) if axis else x * 1,
    "mean": lambda x, axis, keepdims: torch.mean(x, dim=axis, keepdim=keepdims) if axis else x * 1,
    "prod": _all_axes(torch.prod), "max": _amax(torch.amax), "min": _amax(torch.amin),
    "var": _var, "std": _std,
    "logsumexp": lambda x, axis, keepdims:
        torch.logsumexp(x, dim=axis, keepdim=keepdims) if axis else x * 1,
    "norm": lambda x, axis, keepdims:
        torch.linalg.vector_norm(x, dim=axis, keepdim=keepdims) if axis else x.abs(),
    "cumsum": _along(torch.cumsum), "sort": lambda x, axis: torch.sort(x, dim=axis)[0],
    "argsort": lambda x, axis: torch.argsort(x, dim=axis, stable=True),
    "argmax": lambda x, axis, keepdims:
        torch.argmax(x) if axis is None else torch.argmax(x, dim=axis, keepdim=keepdims),
    "argmin": lambda x, axis, keepdims:
        torch.argmin(x) if axis is None else torch.argmin(x, dim=axis, keepdim=keepdims),
    "reshape": lambda x, shape: torch.reshape(x, shape), "ravel": torch.ravel,
    "transpose": lambda x, axes: x.permute(axes),
    "broadcast_to": lambda x, shape: torch.broadcast_to(x, shape),
    "moveaxis": lambda x, source, destination: torch.movedim(x, source, destination),
    "swapaxes": lambda x, axis1, axis2: torch.swapaxes(x, axis1, axis2),
    "tile": lambda x, reps: torch.tile(x, reps if isinstance(reps, tuple) else (reps,)),
    "repeat": lambda x, repeats, axis: torch.repeat_interleave(x, repeats, dim=axis),
    "flip": lambda x, axis: torch.flip(x, tuple(range(x.ndim)) if axis is None else (axis,)),
    "roll": lambda x, shift, axis: torch.roll(
        x, shift, axis if np.ndim(axis) == np.ndim(shift) else (axis,) * len(shift)),
    "pad": lambda x, widths, value: F.pad(
        x, [n for pair in reversed(widths) for n in pair], value=value),
    "concatenate": lambda *xs, axis: torch.cat(xs, axis),
    "stack": lambda *xs, axis: torch.stack(xs, axis), "add_n": lambda *xs: sum(xs),
    "take_along_axis": lambda x, i, axis: torch.take_along_dim(x, i, axis),
    "tensordot": lambda a, b, axes: torch.tensordot(
        a, b, axes if isinstance(axes, int) else [list(t) for t in axes]),
    "contract": lambda *xs, subscripts: torch.einsum(subscripts, *xs),
    "dot": lambda a, b: a * b if a.ndim == 0 or b.ndim == 0 else
        torch.tensordot(a, b, ([-1], [b.ndim - 2])) if b.ndim > 2 else torch.matmul(a, b),
    "outer": lambda a, b: torch.outer(a.ravel(), b.ravel()),
    "diag": lambda x, k: torch.diag(x, k),
    "diagonal": lambda x, offset, axis1, axis2: torch.diagonal(x, offset, axis1, axis2),
    "trace": lambda x, offset: torch.diagonal(x, offset).sum(),
    "cumprod": _along(torch.cumprod), "diff": lambda x, n, axis: torch.diff(x, n, axis),
    "quantile": lambda x, q, axis, keepdims, method: torch.quantile(
        x, q, dim=axis, keepdim=keepdims, interpolation=method),
    "inner": lambda a, b: a * b if a.ndim == 0 or b.ndim == 0 else torch.inner(a, b),
    "vecdot": lambda a, b, axis: torch.linalg.vecdot(a, b, dim=axis),
    "tril": lambda x, k: torch.tril(x.expand(_square(x)), k),
    "triu": lambda x, k: torch.triu(x.expand(_square(x)), k),
    "inv": torch.linalg.inv, "det": torch.linalg.det, "solve": lambda a, b: torch.linalg.solve(
        a, b if b.ndim > 1 else b[:, None]).squeeze(-1 if b.ndim == 1 else ()),
    "pinv": lambda a, rcond: torch.linalg.pinv(a) if rcond is None else
        torch.linalg.pinv(a, rcond=rcond),
    "cholesky_lower": lambda a: torch.linalg.cholesky((a + a.mT) / 2),
    "symmetric_eigenvalues": lambda a: torch.linalg.eigvalsh((a + a.mT) / 2),
    "svdvals": torch.linalg.svdvals,
    "stacked_slogdet": lambda a: torch.stack(torch.linalg.slogdet(a), -1),
    "solve_triangular": lambda a, b, trans, lower, unit_diagonal: torch.linalg.solve_triangular(
        a.mT if trans else a, b if b.ndim > 1 else b[:, None], upper=lower == trans,
        unitriangular=unit_diagonal).squeeze(-1 if b.ndim == 1 else ()),
    "one_hot": lambda t, classes, dtype: F.one_hot(t, classes).float(),
    "softmax_cross_entropy": _labels, "mean_squared_error": _losses(F.mse_loss),
    "mean_absolute_error": _losses(F.l1_loss),
    "binary_cross_entropy": _losses(F.binary_cross_entropy),
    "binary_cross_entropy_with_logits": _losses(F.binary_cross_entropy_with_logits),
    "where": lambda c, a, b: torch.where(c != 0, a, b),
    "arctan2": torch.atan2, "equal": torch.eq,
    "floor_divide": lambda a, b: torch.floor(a / b),
}  # fmt: skip
"""What our ops are in PyTorch, where name or arguments differ."""


def theirs(op):
    found = THEIRS.get(op.name)
    return found or (getattr(torch, op.name, None) if not op.attributes else None)


MAPPED = [p for p in DRAWN if theirs(p.values[0]) and p.values[0].family != "random"]


def test_most_of_the_table_is_compared():
    assert len({p.values[0].name for p in MAPPED}) >= 100


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(("op", "case"), MAPPED)
def test_value_and_gradient(op, case):
    xs = sample(op, case)
    attrs = op.canonical_attrs(*xs, **case.attrs)
    ours = [sg.tensor(x) for x in xs]
    other = [torch.tensor(x, requires_grad=x.dtype.kind == "f") for x in xs]
    out, their = op(*ours, **case.attrs), theirs(op)(*other, **attrs)
    assert out.shape == tuple(their.shape)
    np.testing.assert_allclose(out.value, their.detach().numpy(), rtol=1e-10, atol=1e-12)
    if not (out.requires_grad and their.requires_grad and out.size):
        return
    g = np.cos(np.arange(out.size)).reshape(out.shape)
    out.backward(g)
    their.backward(torch.tensor(g))
    for i in floats(xs):
        if ours[i].grad is not None and other[i].grad is not None:
            expected = other[i].grad.numpy()
            known = np.isfinite(expected)  # PyTorch has NaN for the std of equal elements
            assert known.all() or op.kinks
            np.testing.assert_allclose(
                ours[i].grad[known], expected[known], rtol=1e-9, atol=1e-10
            )


# --------------------------------------------------------------- random programs

UNARY = [  # smooth, defined everywhere, tame
    ("sin", torch.sin), ("cos", torch.cos), ("tanh", torch.tanh), ("sigmoid", torch.sigmoid),
    ("arctan", torch.atan), ("softplus", F.softplus), ("erf", torch.erf), ("gelu", F.gelu),
    ("silu", F.silu), ("relu", F.relu), ("abs", torch.abs), ("negative", torch.neg),
    ("arcsinh", torch.asinh), ("elu", F.elu), ("square", lambda x: torch.tanh(x) ** 2),
]  # fmt: skip
BINARY = [
    ("add", torch.add), ("subtract", torch.sub), ("multiply", torch.mul),
    ("maximum", torch.maximum), ("minimum", torch.minimum), ("hypot", torch.hypot),
    ("logaddexp", torch.logaddexp), ("arctan2", torch.atan2),
]  # fmt: skip
SHAPES = [(), (1,), (3,), (2, 3), (2, 1), (1, 3), (4, 2, 3)]
DTYPES = [(np.float64, torch.float64), (np.float32, torch.float32)]


def _fits(a, b):
    try:
        np.broadcast_shapes(a, b)
    except ValueError:
        return False
    return True


@st.composite
def programs(draw):
    """(leaves, steps): each step takes values made before it and adds one."""
    shapes = draw(st.lists(st.sampled_from(SHAPES), min_size=1, max_size=3))
    known, steps = list(shapes), []
    for _ in range(draw(st.integers(1, 12))):
        i = draw(st.integers(0, len(known) - 1))
        kind = draw(st.sampled_from(["unary", "binary", "binary", "reduce", "shape", "product"]))
        here = known[i]
        if kind == "binary":
            partners = [j for j, s in enumerate(known) if _fits(here, s)]
            j = draw(st.sampled_from(partners))
            steps.append((kind, draw(st.sampled_from(BINARY)), i, j))
            known.append(np.broadcast_shapes(here, known[j]))
        elif kind == "reduce" and here:
            axis = draw(st.integers(-len(here), len(here) - 1))
            keep, name = draw(st.booleans()), draw(st.sampled_from(["sum", "mean", "logsumexp"]))
            steps.append((kind, name, i, axis, keep))
            known.append(np.sum(np.zeros(here), axis=axis, keepdims=keep).shape)
        elif kind == "shape" and len(here) >= 2:
            how = draw(st.sampled_from(["transpose", "ravel", "index", "flip"]))
            steps.append((kind, how, i))
            view = np.zeros(here)
            known.append({"transpose": view.T, "ravel": view.ravel(), "index": view[-1],
                          "flip": view}[how].shape)  # fmt: skip
        elif kind == "product" and len(here) >= 2:
            steps.append((kind, i))
            known.append((*here[:-1], here[-2]))
        else:
            steps.append(("unary", draw(st.sampled_from(UNARY)), i))
            known.append(here)
    return shapes, steps, draw(st.integers(0, 10**6)), draw(st.sampled_from(DTYPES))


MOVES = {
    "transpose": lambda x, ours: x.T if ours else x.permute(*range(x.ndim - 1, -1, -1)),
    "ravel": lambda x, ours: x.ravel(),
    "index": lambda x, ours: x[-1],
    "flip": lambda x, ours: sg.flip(x, axis=0) if ours else torch.flip(x, (0,)),
}


def _swapped(x, ours):
    return sg.swapaxes(x, -1, -2) if ours else torch.swapaxes(x, -1, -2)


def run(values, steps, ours):
    values = list(values)
    for kind, what, *rest in steps:
        if kind == "unary":
            x = values[rest[0]]
            y = sg.TABLE[what[0]](x) if ours else what[1](x)
            if ours and what[0] == "square":
                y = sg.square(sg.tanh(x))
        elif kind == "binary":
            a, b = (values[k] for k in rest)
            if what[0] in ("hypot", "arctan2"):  # away from their singular point
                a, b = a + 3.0, b + 2.5
            y = (sg.TABLE[what[0]] if ours else what[1])(a, b)
        elif kind == "reduce":
            i, axis, keep = rest
            if ours:
                y = sg.TABLE[what](values[i], axis=axis, keepdims=keep)
            else:
                y = getattr(torch, what)(values[i], dim=axis, keepdim=keep)
        elif kind == "shape":
            y = MOVES[what](values[rest[0]], ours)
        else:
            x = values[what]
            y = (x * 0.3) @ _swapped(x, ours)
        values.append(y)
    return values


@given(programs())
def test_random_programs(program):
    shapes, steps, seed, (dtype, their_dtype) = program
    rng = np.random.default_rng(seed)
    points = [rng.uniform(-1.5, 1.5, s).astype(dtype) for s in shapes]
    ours = [sg.tensor(p) for p in points]
    other = [torch.tensor(p, dtype=their_dtype, requires_grad=True) for p in points]
    a, b = run(ours, steps, True), run(other, steps, False)
    rtol = 1e-9 if dtype is np.float64 else 2e-3
    for x, y in zip(a, b):
        assert x.dtype == dtype
        np.testing.assert_allclose(x.value, y.detach().numpy(), rtol=rtol, atol=rtol * 1e-1)
    total, their_total = a[-1].sum(), b[-1].sum()
    for x in a[:-1]:
        total = total + x.mean()
    for y in b[:-1]:
        their_total = their_total + y.mean()
    total.backward()
    their_total.backward()
    for x, y in zip(ours, other):
        assert x.grad.dtype == dtype
        np.testing.assert_allclose(x.grad, y.grad.numpy(), rtol=rtol, atol=rtol)
