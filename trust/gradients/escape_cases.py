"""Ways in which user code leaves the graph, each a function of three numbers that gives one.

Some stay inside after all (lists that are stacked, choices by value, containers), the others must
be refused. pandas and SciPy are used where they are installed.
"""

from __future__ import annotations

import array
import cmath
import collections
import copy
import dataclasses
import importlib
import io
import itertools
import json
import math
import operator
import pickle
import statistics
import struct
from collections.abc import Callable
from typing import Any

import numpy as np

import seegrad as sg

Way = Callable[[Any], Any]


def optional(name: str) -> Any:
    """A library, or None where it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


@dataclasses.dataclass
class Pair:
    """A container as people write them."""

    a: Any
    b: Any = 2.0


Point = collections.namedtuple("Point", "a b")


def written(make: Callable[[], Any], write: Callable[[Any, Any], Any]) -> Way:
    """A function that makes an array, has x written into it, and adds up what is there."""

    def way(x: Any) -> Any:
        b = make()
        write(b, x)
        return b.sum()

    return way


def _set(key: Any, value: Callable[[Any], Any]) -> Callable[[Any, Any], None]:
    def write(b: Any, x: Any) -> None:
        b[key] = value(x)

    return write


def _kept(x: Any) -> Any:
    file = io.BytesIO()
    np.save(file, x)
    file.seek(0)
    return np.load(file)


def _zeros() -> Any:
    return np.zeros(3)


ARRAYS: dict[str, Way] = {
    "np.array": lambda x: np.array(x * x).sum(),
    "np.asarray": lambda x: np.asarray(x * x).sum(),
    "np.asanyarray": lambda x: np.asanyarray(x * x).sum(),
    "np.ascontiguousarray": lambda x: np.ascontiguousarray(x * x).sum(),
    "np.array of the argument": lambda x: (np.array(x) ** 2).sum(),
    "np.array of a list": lambda x: np.array([x, x * x]).sum(),
    "np.array of elements": lambda x: np.array([x[0] * x[1], x[2]]).sum(),
    "np.array of a generator's list": lambda x: np.array([v * v for v in x]).prod(),
    "np.array with a dtype": lambda x: np.array([x[0] ** 2, 1.0], dtype=float).sum(),
    "np.array of nested lists": lambda x: np.array([[x[0], 1.0], [x[1] ** 2, 2.0]]).sum(),
    "np.asarray of a tuple": lambda x: np.asarray((x[0], x[1] * x[2])).sum(),
    "np.asarray of a deque": lambda x: np.asarray(collections.deque([x[0] ** 2])).sum(),
    "np.r_": lambda x: np.r_[x, x * x].sum(),
    "np.c_": lambda x: np.c_[x, x * x].sum(),
    "np.r_ of elements": lambda x: np.r_[x[0] ** 2, 1.0].sum(),
    "np.full": lambda x: np.full(3, x[0] ** 2).sum(),
    "np.full_like": lambda x: np.full_like(np.ones(3), x[0] ** 2).sum(),
    "np.fromiter": lambda x: np.fromiter((v * v for v in x), float).sum(),
    "np.vectorize": lambda x: np.vectorize(lambda v: v * v)(x).sum(),
    "np.frompyfunc": lambda x: np.frompyfunc(lambda v: v * v, 1, 1)(x).sum(),
    "np.unique": lambda x: np.unique(x * x).sum(),
    "np.histogram": lambda x: np.histogram(x * x)[1].sum(),
    "np.bincount": lambda x: np.bincount([0, 1, 1], weights=x * x).sum(),
    "np.ma.array": lambda x: np.ma.array(x * x).sum(),
    "np.ma.masked_where": lambda x: np.ma.masked_where([True, False, False], x * x).sum(),
    "np.matrix": lambda x: np.atleast_2d(np.array(x)).sum() * 2,
    "np.apply_along_axis": lambda x: np.apply_along_axis(lambda v: v * v, 0, x).sum(),
    "np.nditer": lambda x: sum(float(v) ** 2 for v in np.nditer(x)),
    "np.ndenumerate": lambda x: sum(v * v for _, v in np.ndenumerate(x)),
    "np.interp": lambda x: np.interp(x, [0.0, 2.0], [0.0, 4.0]).sum(),
    "np.polyval": lambda x: np.polyval([1.0, 2.0], x).sum(),
    "np.piecewise": lambda x: np.piecewise(x, [True, True, True], [lambda v: v * v]).sum(),
    "np.linspace": lambda x: np.linspace(0.0, x[0], 3).sum(),
    "np.arange": lambda x: (np.arange(2) + np.arange(x[0], x[0] + 2.0)).sum(),
    "np.fft": lambda x: np.fft.fft(x).real.sum(),
    "np.cov": lambda x: np.cov(x * x),
    "np.float64": lambda x: np.float64(x[0]) ** 2,
    "np.float32 of a number": lambda x: np.float32(x[0]) * 2,
    "np.isclose as a choice": lambda x: x.sum() if np.isclose(x, x).all() else x.prod(),
    "np.testing": lambda x: (np.testing.assert_allclose(x, x), (x * x).sum())[1],
    "np.save": lambda x: _kept(x * x).sum(),
    "np.add of a list": lambda x: np.add([x[0], x[1] ** 2], 1.0).sum(),
    "np.add with out": lambda x: np.add(x, x, out=np.zeros(3)).sum(),
    "np.add.at": lambda x: (np.add.at(b := np.zeros(3), [0, 1, 1], x), b)[1].sum(),
    "np.add.accumulate": lambda x: np.add.accumulate(x * x).sum(),
    "object arrays": lambda x: np.array([x[0], x[1] ** 2], dtype=object).sum(),
}

WRITING: dict[str, Way] = {
    "b[:] = tensor": written(_zeros, _set(slice(None), lambda x: x * x)),
    "b[...] = tensor": written(_zeros, _set(Ellipsis, lambda x: x * x)),
    "b[0] = tensor": written(_zeros, _set(0, lambda x: x[0] * x[1])),
    "b[1:] = tensor": written(_zeros, _set(slice(1, None), lambda x: x[1:] ** 2)),
    "b[mask] = tensor": written(_zeros, _set(np.array([True, False, True]), lambda x: x[:2] ** 2)),
    "b[list] = list": written(_zeros, _set([0, 1], lambda x: [x[0] ** 2, x[1]])),
    "b += tensor, in a loop": lambda x: sum((v * v for v in x), np.zeros(())).sum(),
    "b.fill": written(_zeros, lambda b, x: b.fill(x[0] ** 2)),
    "b.put": written(_zeros, lambda b, x: b.put([0, 1], x[:2] ** 2)),
    "b.flat": written(_zeros, lambda b, x: b.flat.__setitem__(0, x[0] ** 2)),
    "np.copyto": written(_zeros, lambda b, x: np.copyto(b, x * x)),
    "np.put": written(_zeros, lambda b, x: np.put(b, [0], x[0] ** 2)),
    "np.place": written(_zeros, lambda b, x: np.place(b, b == 0, x * x)),
    "np.putmask": written(_zeros, lambda b, x: np.putmask(b, b == 0, x * x)),
    "np.fill_diagonal": written(lambda: np.zeros((3, 3)), lambda b, x: np.fill_diagonal(b, x * x)),
    "np.put_along_axis": written(
        _zeros, lambda b, x: np.put_along_axis(b, np.array([0, 1, 2]), x * x, 0)
    ),
    "rows in a loop": written(
        lambda: np.zeros((2, 3)), lambda b, x: [_set(i, lambda x: x * x)(b, x) for i in range(2)]
    ),
    "a memoryview": written(_zeros, lambda b, x: memoryview(b).__setitem__(0, x[0] ** 2)),
    "a tensor written to": written(lambda: sg.zeros(3), _set(1, lambda x: x[0] ** 2)),
    "a tensor's slice written to": written(lambda: sg.zeros(3), _set(slice(2), lambda x: x[:2])),
    "a tensor's list written to": written(lambda: sg.zeros(3), _set([0, 2], lambda x: [x[0], 1.0])),
    "a tensor assigned to": written(lambda: sg.zeros(3), lambda b, x: b.assign(x * x)),
    "a tensor assigned a list": written(lambda: sg.zeros(3), lambda b, x: b.assign([x[0], 1, 2])),
    "x.at.set": lambda x: sg.zeros(3).at[1].set(x[0] ** 2).sum(),
    "x.at.add": lambda x: (x.at[[0, 0, 1]].add(x) ** 2).sum() if hasattr(x, "at") else x.sum(),
}

LISTS: dict[str, Way] = {
    "np.sum of a list": lambda x: np.sum([x[0] ** 2, x[1]]),
    "np.sum of a list of arrays": lambda x: np.sum([x * x, x]),
    "np.mean of a list": lambda x: np.mean([x[0] ** 2, x[1]]),
    "np.max of a list": lambda x: np.max([x[0] ** 2, x[1]]),
    "np.prod of a list": lambda x: np.prod([x[0] ** 2, x[1]]),
    "np.median of a list": lambda x: np.median([x[0] ** 2, x[1], x[2]]),
    "np.dot of lists": lambda x: np.dot([x[0], x[1]], [x[1], x[2]]),
    "np.dot of a list and a tensor": lambda x: np.dot([x[0] ** 2, x[1], 1.0], x),
    "np.matmul of a list and a tensor": lambda x: np.matmul([[x[0] ** 2, x[1], 1.0]], x).sum(),
    "np.einsum of lists": lambda x: np.einsum("i,i", [x[0] ** 2, x[1]], [x[1], 1.0]),
    "np.einsum of a list and a tensor": lambda x: np.einsum("i,i", [x[0] ** 2, x[1], 1.0], x),
    "np.stack": lambda x: np.stack([x * x, x]).sum(),
    "np.stack of nested lists": lambda x: np.stack([[x[0], x[1]], [x[2] ** 2, x[0]]]).sum(),
    "np.concatenate": lambda x: np.concatenate([x * x, x]).sum(),
    "np.hstack": lambda x: np.hstack([x * x, x]).sum(),
    "np.vstack": lambda x: np.vstack([x * x, x]).sum(),
    "np.linalg.norm of a list": lambda x: np.linalg.norm([x[0], x[1]]),
    "np.var of a list": lambda x: np.var([x[0], x[1] ** 2]),
    "np.where of lists": lambda x: np.where([True, False], [x[0] ** 2, x[1]], 0.0).sum(),
    "np.add of a list and a tensor": lambda x: np.add([x[0] ** 2, 1.0, x[1]], x).sum(),
    "sg.sum of a list": lambda x: sg.sum([x[0] ** 2, x[1]]),
    "sg.mean of a list": lambda x: sg.mean([x * x, x]),
    "sg.max of a list": lambda x: sg.max([x[0] ** 2, x[1]]),
    "sg.einsum of lists": lambda x: sg.einsum("i,i", [x[0] ** 2, x[1]], [x[1], 1.0]),
    "sg.matmul of lists": lambda x: sg.matmul([[x[0], x[1]]], [x[1], x[2] ** 2]).sum(),
    "sg.exp of a list": lambda x: sg.exp([x[0], x[1] * x[2]]).sum(),
    "sg.where of lists": lambda x: sg.where([True, False], [x[0] ** 2, x[1]], [0.0, x[2]]).sum(),
    "sg.cumsum of a list": lambda x: sg.cumsum([x[0] ** 2, x[1]]).sum(),
    "sg.sort of a list": lambda x: (sg.sort([x[0] ** 2, x[1]]) * np.array([1.0, 2.0])).sum(),
    "sg.take of a list": lambda x: sg.take([x[0] ** 2, x[1]], [0, 0]).sum(),
    "sg.split of a list": lambda x: sg.split([x[0] ** 2, x[1]], 2)[0].sum(),
    "sg.logsumexp of a list": lambda x: sg.logsumexp([x[0] ** 2, x[1]]),
    "tensor + list": lambda x: (x + [x[0] ** 2, 1.0, x[1]]).sum(),  # noqa: RUF005
    "list + tensor": lambda x: ((x[0] ** 2, 1.0, x[1]) * x).sum(),
    "tensor @ list": lambda x: x @ [x[0] ** 2, 1.0, x[1]],
    "namedtuple of tensors": lambda x: sg.sum(Point(x[0] ** 2, x[1])),
    "sg.tensor of a list": lambda x: sg.tensor([x[0] ** 2, x[1]]).sum(),
    "sg.tensor of a tensor": lambda x: sg.tensor(x * x).sum(),
    "sg.asarray of a list": lambda x: sg.asarray([x, x * x]).sum(),
    "sg.stack of nested lists": lambda x: sg.stack([[x, x], [x, x * x]]).sum(),
    "sg.full": lambda x: sg.full((3,), x[0] ** 2).sum(),
    "sg.full_like": lambda x: sg.full_like(x, x[0] ** 2).sum(),
    "sg.pad by a value": lambda x: sg.pad(x, widths=1, value=x[0] ** 2).sum(),
    "sg.linspace": lambda x: sg.linspace(0.0, x[0], 3).sum(),
    "sg.arange": lambda x: sg.arange(x[0], x[0] + 2.0).sum(),
    "statistics.mean": lambda x: statistics.fmean(x * x),
    "functools-like sum": lambda x: sum(v * v for v in x),
    "itertools.accumulate": lambda x: list(itertools.accumulate(x, operator.mul))[-1],
    "sorted by value": lambda x: sorted(x)[0] ** 2,
    "max of tensors": lambda x: max(x[0], x[1]) ** 2,
    "min by a key": lambda x: min(x, key=lambda v: (v - 0.9) ** 2) ** 2,
    "math.fsum": lambda x: math.fsum(x * x),
    "math.prod": lambda x: math.prod(list(x)),
    "math.dist": lambda x: math.dist([x[0], x[1]], [0.0, 0.0]),
}

NUMBERS: dict[str, Way] = {
    "math.exp": lambda x: math.exp(x[0]) * x[1],
    "math.sqrt": lambda x: math.sqrt(x[0] * x[1]),
    "math.floor": lambda x: math.floor(x[0]) + x[1] ** 2,
    "math.log of a sum": lambda x: math.log((x * x).sum()),
    "math.hypot": lambda x: math.hypot(x[0], x[1]),
    "math.pow": lambda x: math.pow(x[0], 2),
    "cmath.exp": lambda x: cmath.exp(x[0]).real,
    "float": lambda x: float(x[0]) ** 2,
    "complex": lambda x: complex(x[0]).real ** 2,
    "item": lambda x: x[0].item() * x[1],
    "tolist": lambda x: sum(v * v for v in x.tolist()),
    "value": lambda x: (x.value ** 2).sum() if hasattr(x, "value") else (x**2).sum(),
    "numpy()": lambda x: (x.numpy() ** 2).sum() if hasattr(x, "numpy") else (x**2).sum(),
    "from_dlpack": lambda x: (np.from_dlpack(x) ** 2).sum(),
    "sg.from_dlpack": lambda x: (sg.from_dlpack(x) ** 2).sum(),
    "float of a method": lambda x: x.__float__() if x.ndim == 0 else float(x.sum()) ** 2,
    "map float": lambda x: sum(map(float, x)) ** 2,
    "struct": lambda x: struct.unpack("d", struct.pack("d", x[0]))[0] ** 2,
    "array.array": lambda x: sum(array.array("d", x)) ** 2,
    "format": lambda x: float(f"{x[0]:.12f}") ** 2,
    "format()": lambda x: float(format(x[0], ".12e")) ** 2,
    "percent": lambda x: float("%.12f" % x[0]) ** 2,  # noqa: UP031  # noqa: UP031
    "str.format": lambda x: float(f"{x[0]:.12f}") ** 2,
    "json": lambda x: sum(json.loads(json.dumps(x.tolist()))) ** 2,
    "pickle": lambda x: (pickle.loads(pickle.dumps(x)) ** 2).sum(),  # noqa: S301  # noqa: S301
    "copy.deepcopy": lambda x: (copy.deepcopy(x) ** 2).sum(),
    "copy.copy of a computed one": lambda x: (copy.copy(x * 1) ** 2).sum(),
    "round": lambda x: round(float(x[0]), 12) ** 2,
    "random.normal": lambda x: np.random.default_rng(0).normal(x).sum(),
    "random.uniform": lambda x: np.random.default_rng(0).uniform(0.0, x[0]),
    "legacy random normal": lambda x: np.random.RandomState(0).normal(x).sum(),
    "stop_gradient, as meant": lambda x: x[0] ** 2 + 0 * sg.stop_gradient(x[1]).item(),
    "bool": lambda x: (x * x).sum() if x[0] else x.sum(),
    "a comparison": lambda x: x[0] ** 2 if x[0] > 0 else x[1],
    "int of a comparison": lambda x: x[int(x[0] > 0)] ** 2,
    "argmax": lambda x: x[int(x.argmax())] ** 2,
    "a while loop": lambda x: _doubled(x[0]),
    "print": lambda x: (repr(x), str(x), f"{x}", (x * x).sum())[-1],
    "in": lambda x: (x * x).sum() if 0.1 in x else x.sum(),
    "len and shape": lambda x: (x * len(x) * x.shape[0]).sum(),
    "a dict": lambda x: sum({"a": x[0], "b": x[1] ** 2}.values()),
    "a dict's array": lambda x: np.array(list({"a": x[0], "b": x[1] ** 2}.values())).sum(),
    "a dataclass": lambda x: Pair(x[0] ** 2, x[1]).a + 1.0,
    "dataclasses.asdict": lambda x: dataclasses.asdict(Pair(x[0] ** 2))["a"],
    "dataclasses.astuple": lambda x: sum(dataclasses.astuple(Pair(x[0] ** 2, x[1]))),
    "dataclasses.replace": lambda x: dataclasses.replace(Pair(1.0), a=x[0] ** 2).a,
    "a nested container": lambda x: {"a": [x[0], (x[1] ** 2,)]}["a"][1][0],
    "a string that was read": lambda x: eval("v * v", {"v": x[0]}),  # noqa: S307
    "a cache by value": lambda x: {round(float(v), 9): float(v) for v in x}.popitem()[1] ** 2,
}


def _doubled(v: Any) -> Any:
    while v < 4.0:
        v = v * 2
    return v


def by_pandas(pd: Any) -> dict[str, Way]:
    """What people do with a Series or a frame of tensors."""
    return {
        "pd.Series": lambda x: pd.Series(x * x).sum(),
        "pd.Series with a dtype": lambda x: pd.Series(x * x, dtype=float).sum(),
        "pd.Series of a list": lambda x: pd.Series([x[0] ** 2, x[1]], dtype=float).sum(),
        "pd.Series of NumPy": lambda x: pd.Series(np.asarray(x * x)).mean(),
        "pd.DataFrame": lambda x: pd.DataFrame({"a": x * x}).to_numpy(dtype=float).sum(),
        "a column": lambda x: _column(pd.DataFrame({"a": [1.0, 2.0, 3.0]}), x),
        "loc": lambda x: _loc(pd.DataFrame({"a": [1.0, 2.0, 3.0]}), x),
        "Series + tensor": lambda x: np.asarray(pd.Series([1.0, 2.0, 3.0]) * x, float).sum(),
        "tensor + Series": lambda x: (x * pd.Series([1.0, 2.0, 3.0])).sum(),
        "rolling": lambda x: pd.Series(np.array(x)).rolling(2).sum().iloc[1],
        "pd.cut": lambda x: x[0] ** 2 + 0 * len(pd.cut(np.array(x), 2)),
        "pd.to_numeric": lambda x: pd.to_numeric(x * x).sum(),
    }


def _column(frame: Any, x: Any) -> Any:
    frame["b"] = x * x
    return frame["b"].astype(float).sum()


def _loc(frame: Any, x: Any) -> Any:
    frame.loc[0, "a"] = float(x[0]) ** 2
    return frame["a"].sum()


def by_scipy() -> dict[str, Way]:
    """SciPy's functions of tensors; it is not ours, so that each must refuse or be right."""
    stats, special = optional("scipy.stats"), optional("scipy.special")
    linalg, integrate = optional("scipy.linalg"), optional("scipy.integrate")
    interpolate, optimize = optional("scipy.interpolate"), optional("scipy.optimize")
    return {
        "stats.norm.logpdf": lambda x: stats.norm.logpdf(x).sum(),
        "stats.norm.logpdf by location": lambda x: stats.norm.logpdf(0.5, loc=x[0]),
        "stats.norm.cdf": lambda x: stats.norm.cdf(x).sum(),
        "stats.gamma.logpdf": lambda x: stats.gamma.logpdf(1.0, a=x[0]),
        "special.logsumexp": lambda x: special.logsumexp(x),
        "special.gammaln": lambda x: special.gammaln(x).sum(),
        "special.expit": lambda x: special.expit(x).sum(),
        "special.erf of a number": lambda x: special.erf(x[0]),
        "special.softmax": lambda x: special.softmax(x)[0],
        "linalg.norm": lambda x: linalg.norm(x),
        "linalg.solve": lambda x: linalg.solve(np.eye(3), x).sum(),
        "linalg.det": lambda x: linalg.det([[x[0], 1.0], [0.0, x[1]]]),
        "integrate.trapezoid": lambda x: integrate.trapezoid(x),
        "integrate.quad": lambda x: integrate.quad(lambda t: t * x[0], 0.0, 1.0)[0],
        "interpolate.interp1d": lambda x: interpolate.interp1d([0.0, 2.0], [0.0, 4.0])(x[0]),
        # brentq and bisect, in C, go on after an error and now and then raise another for it
        "optimize.toms748": lambda x: optimize.toms748(lambda t: t - x[0], -5.0, 5.0),
        "optimize.newton": lambda x: optimize.newton(lambda t: t - x[0], 0.5),
    }


WAYS: dict[str, Way] = {
    **ARRAYS, **WRITING, **LISTS, **NUMBERS,
    **(by_pandas(pandas) if (pandas := optional("pandas")) else {}),
    **(by_scipy() if optional("scipy") else {}),
}  # fmt: skip
"""All of them; those of one kind stand together."""

RAISED_ANEW = {"b.flat", "a memoryview", "np.nditer", "struct"}
"""Ways in which NumPy or Python puts an error of its own in the place of ours: loud, not named."""
