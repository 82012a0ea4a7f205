"""Random graphs drawn from the op table: compiled equals eager, with gradients of order 1 and 2."""

import numpy as np
import pytest

import seegrad as sg
from seegrad.compiler import target
from seegrad.compiler.runtime import executable
from seegrad.ops.families import TABLE

pytestmark = [
    pytest.mark.skipif(not target.available(), reason="llvmlite is not installed"),
    # some of the programs that are drawn do not use their first argument
    pytest.mark.filterwarnings("ignore::seegrad.errors.GradientWarning"),
]
SMOOTH = ["sin", "cos", "tanh", "sigmoid", "exp", "softplus", "square", "negative", "erf",
          "arctan", "gelu", "silu", "expm1", "sqrt", "log1p", "identity"]
PAIRS = ["add", "subtract", "multiply", "maximum", "minimum", "arctan2", "hypot"]


def program(seed):
    """A function of (4, 5), (5,) and (5, 5) arrays, of 5 to 40 operations."""

    def f(a, b, c):
        chance = np.random.default_rng(seed)
        values = [a, b, c]
        for _ in range(chance.integers(5, 40)):
            x = values[chance.integers(len(values))]
            kind = chance.integers(8)
            if kind <= 2:
                name = SMOOTH[chance.integers(len(SMOOTH))]
                x = sg.tanh(x) + 1.5 if name in ("sqrt", "log1p", "exp", "expm1") else x
                y = TABLE[name](x)
            elif kind <= 4:
                fitting = [v for v in values if _fits(v.shape, x.shape)]
                y = TABLE[PAIRS[chance.integers(len(PAIRS))]](
                    x, fitting[chance.integers(len(fitting))]
                )
            elif kind == 5 and len(x.shape):
                axis = int(chance.integers(len(x.shape)))
                y = [sg.sum, sg.mean, sg.max, sg.logsumexp][chance.integers(4)](
                    x, axis=axis, keepdims=bool(chance.integers(2))
                )
            elif kind == 6 and len(x.shape) == 2 and x.shape[1] == 5:
                y = sg.matmul(x, c) * 0.2
            elif kind == 7 and len(x.shape) == 2:
                y = [lambda v: v.T, lambda v: sg.softmax(v, axis=-1), lambda v: v[::-1],
                     lambda v: v[:, :-1] if v.shape[1] > 2 else v][chance.integers(4)](x)
            else:
                y = x * 0.5 + 0.1
            values.append(sg.tanh(y))
        total = values[-1].sum()
        for v in values[-4:-1]:
            total = total + (v * v).sum()
        return total

    return f


def _fits(a, b):
    try:
        np.broadcast_shapes(a, b)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("block", range(8))
def test_random_graphs_agree(block, monkeypatch):
    monkeypatch.setattr(executable, "POISON", True)
    for seed in range(block * 12, block * 12 + 12):
        chance = np.random.default_rng(1000 + seed)
        args = [chance.normal(size=s) for s in ((4, 5), (5,), (5, 5))]
        f = program(seed)
        both = sg.value_and_grad(f, (0, 1, 2))
        want, want_g = both(*args)
        got, got_g = sg.compile(both, threads=1 + seed % 2)(*args)
        np.testing.assert_allclose(got.value, want, rtol=1e-12, atol=1e-12, err_msg=str(seed))
        for g, w in zip(got_g, want_g):
            np.testing.assert_allclose(g.value, w, rtol=1e-9, atol=1e-11, err_msg=str(seed))
        if seed % 4 == 0:
            v = chance.normal(size=(4, 5))
            second = lambda a, v, f=f, r=args[1:]: sg.hvp(lambda z: f(z, *r), a, v)  # noqa: E731
            np.testing.assert_allclose(
                sg.compile(second, threads=1)(args[0], v).value, second(args[0], v),
                rtol=1e-7, atol=1e-9, err_msg=str(seed),
            )  # fmt: skip
