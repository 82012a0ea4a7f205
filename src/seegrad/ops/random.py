"""Random numbers as operations: a key goes in, the same key always gives the same numbers.

A key is two integers (seed, counter); the generator is Philox, counter-based (Salmon et al.,
"Parallel random numbers: as easy as 1, 2, 3", SC 2011), so that the order of calls is no matter.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from seegrad.errors import DTypeError, ShapeError
from seegrad.graph.forms import Call, Random
from seegrad.graph.op import Case
from seegrad.graph.spec import DType, Shape, Spec, native_dtype
from seegrad.i18n import tr
from seegrad.ops.compare import astype, less
from seegrad.ops.families import composite, operation
from seegrad.ops.shape import as_sizes

KEY = {"key": 1000}


def key(seed: int, counter: int = 0) -> np.ndarray[Any, Any]:
    """A key for the random operations: an array of two integers.

    Args:
        counter: how far it has been used: 0 for a new one.
        seed: a whole number.

    Raises:
        DTypeError: for what is no whole number below 2**63.

    >>> key(7)
    array([7, 0])
    """
    try:
        return np.array([operator.index(seed), operator.index(counter)], np.int64)
    except (TypeError, OverflowError):
        raise DTypeError(
            "a seed is an integer below 2**63", came=f"seed={seed!r}, counter={counter!r}"
        ) from None


def _generator(k: Any) -> np.random.Generator:
    words = np.asarray(k, np.int64).astype(np.uint64)
    return np.random.Generator(np.random.Philox(key=words))


def _attrs(k: Any, *, shape: Any, dtype: Any) -> dict[str, Any]:
    if tuple(k.shape) != (2,) or k.dtype.kind not in "iu":
        raise ShapeError(
            "a key is an array of two integers",
            came=tr("shape {shape}, dtype {dtype}", shape=k.shape, dtype=k.dtype),
        )
    return {"shape": as_sizes(shape), "dtype": native_dtype(dtype)}


def _spec(k: Spec, *, shape: Shape, dtype: DType) -> Spec:
    return Spec(shape, dtype)


_CASES = tuple(
    Case(((2,),), {"shape": s, "dtype": np.dtype(np.float64)}, integers=KEY)
    for s in ((), (3,), (2, 3), (0, 2))
)


@operation(
    spec=_spec, canonical=_attrs, lower=Random("uniform"), sign="U", latex=r"U($key)",
    numpy=(), d={"key": None}, integer_inputs=("key",), cases=_CASES, family="random",
)  # fmt: skip
def uniform(key, *, shape=(), dtype=np.float32):
    """Numbers from [0, 1), all equally likely."""
    return _generator(key).random(shape, dtype)


@operation(
    spec=_spec, canonical=_attrs, lower=Random("normal"), sign="N", latex=r"N($key)",
    numpy=(), d={"key": None}, integer_inputs=("key",), cases=_CASES, family="random",
)  # fmt: skip
def normal(key, *, shape=(), dtype=np.float32):
    """Numbers with mean 0 and variance 1, normally distributed."""
    return _generator(key).standard_normal(shape, dtype)


@composite(
    sign="B",
    latex=r"B($key)",
    numpy=(),
    integer_inputs=("key",),
    cases=(Case(((2,),), {"p": 0.3, "shape": (5,), "dtype": np.dtype(np.float32)}, integers=KEY),),
)
def bernoulli(key, *, p=0.5, shape=(), dtype=np.float32):
    """1 with probability p, otherwise 0."""
    return astype(less(uniform(key, shape=shape, dtype=np.float32), p), dtype=dtype)


def _split_attrs(k: Any, *, num: Any) -> dict[str, Any]:
    _attrs(k, shape=(), dtype=np.int64)
    return {"num": as_sizes(num)[0]}


@operation(
    spec=lambda k, *, num: Spec((num, 2), np.dtype(np.int64)), canonical=_split_attrs,
    lower=Call(), sign="split", latex=r"\operatorname{split}($key)", numpy=(), d={"key": None},
    integer_inputs=("key",), cases=(Case(((2,),), {"num": 3}, integers=KEY),), family="random",
)  # fmt: skip
def split_key(key, *, num=2):
    """`num` keys (num, 2) out of one, whose numbers have nothing to do with one another."""
    return _generator(key).integers(0, 2**63 - 1, (num, 2))
