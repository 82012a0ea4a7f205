"""`Complex`: a complex array as two real values of the graph, so that the graph stays real.

Arguments that hold complex numbers become pairs before a function is differentiated
(`core.floating`), and pairs become complex numbers again when they leave it. NumPy's functions ask
the pair, as they ask a tensor; what is said here in real operations is all that there is, anything
else is refused by name. A derivative is written as autograd writes it: ∂/∂x − i·∂/∂y.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from seegrad.errors import DTypeError
from seegrad.graph.node import Node
from seegrad.i18n import tr
from seegrad.ops import arithmetic, compare, indexing, reduce, shape
from seegrad.ops.families import some_axes
from seegrad.ops.linear import einsum as einsums
from seegrad.ops.linear import linalg, norms
from seegrad.ops.transcendental import arctan2, cos, cosh, exp, log, sin, sinh
from seegrad.tensor import fft as transforms
from seegrad.tensor import numpy_numbers as numpy_numbers
from seegrad.tensor.numpy_names import NUMPY_FUNCTIONS
from seegrad.tree import PARTED

Function = Callable[..., Any]
ANSWERS: dict[str, Function] = {}
"""What NumPy's functions do with a pair, by NumPy's names."""
EACH_PART = {
    "sum", "mean", "reshape", "ravel", "transpose", "swapaxes", "moveaxis", "rollaxis", "squeeze",
    "expand_dims", "broadcast_to", "roll", "flip", "flipud", "fliplr", "rot90", "repeat", "tile",
    "take", "diag", "diagonal", "trace", "tril", "triu", "cumsum", "diff", "matrix_transpose",
    "fftshift", "ifftshift", "atleast_1d", "atleast_2d", "atleast_3d", "positive",
}  # fmt: skip
"""What is linear, with real numbers: it is done to both parts alike."""
PRODUCTS = {"dot", "matmul", "tensordot", "inner", "outer", "kron", "vecdot"}
JOINS = {"concatenate", "stack", "hstack", "vstack"}


class Complex:
    """A complex array: its real and its imaginary part."""

    __array_priority__ = 2000
    __slots__ = ("imag", "real")

    def __init__(self, real: Any, imag: Any) -> None:
        self.real, self.imag = real, imag

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of either part."""
        return tuple(self.real.shape)

    @property
    def dtype(self) -> Any:
        """The complex dtype of such parts."""
        return np.result_type(self.real.dtype, np.complex64)

    ndim = property(lambda self: len(self.shape))
    size = property(lambda self: math.prod(self.shape))
    T = property(lambda self: ANSWERS["transpose"](self))

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> Complex:
        return Complex(indexing.index(self.real, key), indexing.index(self.imag, key))

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        name = {"__call__": ufunc.__name__, "reduce": REDUCED.get(ufunc.__name__)}.get(method)
        return _answer(name or f"{ufunc.__name__}.{method}")(*inputs, **options)

    def __array_function__(
        self, function: Any, types: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Any:
        return _answer(function.__name__)(*args, **kwargs)

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise _refused("array")

    def __repr__(self) -> str:
        return f"Complex({self.real!r}, {self.imag!r})"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in ANSWERS:
            raise AttributeError(name)
        return functools.partial(ANSWERS[name], self)


class RealPair(Complex):
    """A real value beside complex ones: its imaginary part is 0, and no derivative goes there."""

    __slots__ = ()

    def __init__(self, real: Any) -> None:
        super().__init__(real, real * 0)


PARTED[Complex] = lambda z: (z.real, z.imag)
PARTED[RealPair] = lambda z: (z.real,)
REDUCED = {"add": "sum", "multiply": "prod"}


def _refused(name: str) -> DTypeError:
    return DTypeError(
        tr("numpy.{name} is not defined for complex numbers that are differentiated", name=name),
        asked=tr("real numbers, or one of {names}", names=", ".join(sorted(ANSWERS))),
        hint="write what it does with the real and the imaginary part",
    )


def _answer(name: str) -> Function:
    if name not in ANSWERS:
        raise _refused(name)
    return ANSWERS[name]


def parts(x: Any) -> tuple[Any, Any]:
    """Real and imaginary part of a pair, a tensor, an array or a number."""
    if isinstance(x, Complex):
        return x.real, x.imag
    if isinstance(x, tuple) and len(x) == 2:
        return x                              # functions of pairs call one another
    x = shape.array_like(x) if isinstance(x, Node) else np.asarray(x)
    if x.dtype.kind == "c":
        return np.real(x).copy()[()], np.imag(x).copy()[()]
    x = compare.floating(x)
    return x, x * 0


def of_pairs(function: Function, name: str = "") -> Function:
    """A function of pairs `(real, imag)` that gives one, as NumPy's function of its name."""

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        found = function(*map(parts, args), **kwargs)
        return Complex(*found) if isinstance(found, tuple) else found

    ANSWERS[name or function.__name__] = called
    return function


def _on_each_part(name: str) -> Function:
    of = NUMPY_FUNCTIONS.get(name) or getattr(transforms, name)

    def each(x: Any, *args: Any, **kwargs: Any) -> Complex:
        real, imag = parts(x)
        return Complex(of(real, *args, **kwargs), of(imag, *args, **kwargs))

    return each


def _product(name: str) -> Function:
    of = NUMPY_FUNCTIONS[name]

    def times(a: Any, b: Any, *args: Any, **kwargs: Any) -> Complex:
        (ar, ai), (br, bi) = parts(a), parts(b)

        def product(x: Any, y: Any) -> Any:
            return of(x, y, *args, **kwargs)

        return Complex(
            product(ar, br) - product(ai, bi), product(ar, bi) + product(ai, br)
        )

    return times


def _join(name: str) -> Function:
    of = NUMPY_FUNCTIONS[name]

    def join(xs: Any, *args: Any, **kwargs: Any) -> Complex:
        both = [parts(x) for x in xs]
        return Complex(*(of([x[i] for x in both], *args, **kwargs) for i in (0, 1)))

    return join


def _transform(name: str) -> Function:
    of = getattr(transforms, name)

    def transformed(x: Any, *args: Any, **kwargs: Any) -> Any:
        real, imag = parts(x)
        found = of(real, *args, **kwargs) if name[0] == "r" else of(real, imag, *args, **kwargs)
        return Complex(*found) if isinstance(found, tuple) else found

    return transformed


ANSWERS.update({name: _on_each_part(name) for name in EACH_PART})
ANSWERS.update({name: _product(name) for name in PRODUCTS})
ANSWERS.update({name: _join(name) for name in JOINS})
TRANSFORMS = {
    f"{kind}fft{axes}": _transform(f"{kind}fft{axes}")
    for kind in ("", "i", "r", "ir") for axes in ("", "2", "n")
}  # fmt: skip
"""Fourier transforms, of tensors too: what is complex comes out as a pair."""
ANSWERS.update(TRANSFORMS)


# --------------------------------------------------------------- element by element


@of_pairs
def add(a: Any, b: Any) -> Any:
    return a[0] + b[0], a[1] + b[1]


@of_pairs
def subtract(a: Any, b: Any) -> Any:
    return a[0] - b[0], a[1] - b[1]


@of_pairs
def multiply(a: Any, b: Any) -> Any:
    return a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]


@of_pairs
def reciprocal(a: Any) -> Any:
    square = a[0] * a[0] + a[1] * a[1]
    return a[0] / square, -a[1] / square


@of_pairs
def divide(a: Any, b: Any) -> Any:
    return multiply(a, reciprocal(b))


@of_pairs
def square(a: Any) -> Any:
    return multiply(a, a)


@of_pairs
def real(a: Any) -> Any:
    return a[0]


@of_pairs
def imag(a: Any) -> Any:
    return a[1]


@of_pairs
def absolute(a: Any) -> Any:
    return arithmetic.hypot(a[0], a[1])


@of_pairs
def angle(a: Any) -> Any:
    return arctan2(a[1], a[0])


@of_pairs
def exp_(a: Any) -> Any:
    size = exp(a[0])
    return size * cos(a[1]), size * sin(a[1])


@of_pairs
def log_(a: Any) -> Any:
    return log(absolute(a)), angle(a)


@of_pairs
def sin_(a: Any) -> Any:
    return sin(a[0]) * cosh(a[1]), cos(a[0]) * sinh(a[1])


@of_pairs
def cos_(a: Any) -> Any:
    return cos(a[0]) * cosh(a[1]), -sin(a[0]) * sinh(a[1])


def _turned(a: Any) -> Any:
    """i·a."""
    return -a[1], a[0]


def _back(a: Any) -> Any:
    """−i·a."""
    return a[1], -a[0]


@of_pairs
def tan_(a: Any) -> Any:
    return divide(sin_(a), cos_(a))


@of_pairs
def sqrt(a: Any) -> Any:
    size, half = arithmetic.sqrt(absolute(a)), angle(a) * 0.5
    return size * cos(half), size * sin(half)


def _one(a: Any) -> Any:
    return a[0] * 0 + 1, a[1] * 0


@of_pairs
def arccosh(a: Any) -> Any:
    roots = multiply(sqrt(add(a, _one(a))), sqrt(subtract(a, _one(a))))
    return log_(add(a, roots))


@of_pairs
def arctanh(a: Any) -> Any:
    found = subtract(log_(add(_one(a), a)), log_(subtract(_one(a), a)))
    return found[0] * 0.5, found[1] * 0.5


@of_pairs
def log2(a: Any) -> Any:
    found = log_(a)
    return found[0] / math.log(2), found[1] / math.log(2)


@of_pairs
def log10(a: Any) -> Any:
    found = log_(a)
    return found[0] / math.log(10), found[1] / math.log(10)


_ROWS: Mapping[str, Function] = {
    "negative": lambda a: (-a[0], -a[1]),
    "conjugate": lambda a: (a[0], -a[1]),
    "real_if_close": lambda a: a,
    "sinh": lambda a: _back(sin_(_turned(a))),
    "cosh": lambda a: cos_(_turned(a)),
    "tanh": lambda a: _back(tan_(_turned(a))),
    "arcsinh": lambda a: log_(add(a, sqrt(add(square(a), _one(a))))),
    "expm1": lambda a: subtract(exp_(a), _one(a)),
    "exp2": lambda a: exp_((a[0] * math.log(2), a[1] * math.log(2))),
    "log1p": lambda a: log_(add(a, _one(a))),
    "power": lambda a, b: exp_(multiply(b, log_(a))),
}
for _name, _function in _ROWS.items():
    of_pairs(_function, _name)
for _name in ("exp", "log", "sin", "cos", "tan"):
    ANSWERS[_name] = ANSWERS.pop(f"{_name}_")
ANSWERS.update(conj=ANSWERS["conjugate"], abs=ANSWERS["absolute"])


def iscomplex(x: Complex) -> Any:
    return np.asarray(getattr(x.imag, "data", x.imag)) != 0


def var(x: Complex, axis: Any = None, keepdims: bool = False, ddof: float = 0) -> Any:
    """The variances of both parts together."""
    return sum(reduce.var(p, axis=axis, keepdims=keepdims, ddof=ddof) for p in parts(x))


def std(x: Complex, axis: Any = None, keepdims: bool = False, ddof: float = 0) -> Any:
    """The size of what is apart from the mean: 0 where nothing is, and so is its derivative."""
    axes = some_axes(axis, x.ndim)
    apart = [p - reduce.mean(p, axis=axes, keepdims=True) for p in parts(x)]
    both = shape.stack(*apart, axis=0)
    size = linalg.norm(both, axis=(0, *(i + 1 for i in axes)), keepdims=keepdims)
    count = math.prod(x.shape[i] for i in axes)
    return (shape.squeeze(size, axis=0) if keepdims else size) / math.sqrt(count - ddof)


def prod(x: Complex, axis: Any = None, keepdims: bool = False) -> Complex:
    """One factor after the other."""
    found, axes = parts(x), some_axes(axis, x.ndim)
    for i in sorted(axes, reverse=True):
        factors = [tuple(shape.part(p, i, k, 1) for p in found) for k in range(x.shape[i])]
        found = functools.reduce(multiply, factors)
    done = [p if keepdims else shape.squeeze(p, axis=tuple(axes)) for p in found]
    return Complex(*done)


def norm(x: Complex, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """Norms that ask for the sizes alone: of vectors, and Frobenius's."""
    matrix = len(some_axes(axis, x.ndim)) == 2
    if matrix and ord not in (None, "fro"):
        raise _refused(f"linalg.norm with ord={ord!r}")
    return norms.norm(absolute(parts(x)), ord, axis, keepdims)


def einsum(subscripts: Any, *xs: Any, **how: Any) -> Complex:
    """The contraction of at most two arrays."""
    if len(xs) == 1:
        return Complex(*(einsums.einsum(subscripts, p) for p in parts(xs[0])))
    if len(xs) != 2 or not isinstance(subscripts, str):
        raise _refused("einsum of more than two arrays")
    (ar, ai), (br, bi) = map(parts, xs)

    def product(x: Any, y: Any) -> Any:
        return einsums.einsum(subscripts, x, y)

    return Complex(product(ar, br) - product(ai, bi), product(ar, bi) + product(ai, br))


def _extreme(name: str) -> Function:
    """The largest or least, by real parts and where these are equal by imaginary parts."""
    of = getattr(np, name)

    def extreme(x: Complex, axis: Any = None, keepdims: bool = False) -> Complex:
        both = [getattr(p, "data", p) for p in parts(x)]
        if any(p is None for p in both):
            raise _refused(f"{name[3:]} of traced values")
        places = of(both[0] + 1j * both[1], axis=axis, keepdims=True)
        flat = [shape.ravel(p) if axis is None else p for p in parts(x)]
        at = 0 if axis is None else axis
        found = [indexing.take_along_axis(p, places.reshape(-1) if axis is None else places,
                                          axis=at) for p in flat]  # fmt: skip
        if axis is None:
            sizes = (1,) * x.ndim if keepdims else ()
            return Complex(*(shape.reshape(p, shape=sizes) for p in found))
        return Complex(*(p if keepdims else shape.squeeze(p, axis=at) for p in found))

    return extreme


ANSWERS.update(max=_extreme("argmax"), min=_extreme("argmin"))
ANSWERS.update(amax=ANSWERS["max"], amin=ANSWERS["min"])
ANSWERS.update(iscomplex=iscomplex, var=var, std=std, prod=prod, norm=norm, einsum=einsum)
for _operator, _name in {
    "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "divide", "pow": "power",
    "matmul": "matmul",
}.items():  # fmt: skip
    setattr(Complex, f"__{_operator}__", lambda a, b, of=ANSWERS[_name]: of(a, b))
    setattr(Complex, f"__r{_operator}__", lambda a, b, of=ANSWERS[_name]: of(b, a))
for _operator, _name in {"neg": "negative", "abs": "absolute"}.items():
    setattr(Complex, f"__{_operator}__", lambda a, of=ANSWERS[_name]: of(a))


# --------------------------------------------------------------- in and out


def paired(tree: Any) -> Any:
    """A tree with pairs in place of complex arrays."""

    def one(x: Any) -> Any:
        if isinstance(x, (Node, Complex)) or x is None or not np.iscomplexobj(x):
            return x
        return Complex(*parts(x))

    return _each_leaf(tree, one)


def conjugated(tree: Any) -> Any:
    """A tree with all its pairs conjugated: a derivative from one way of writing to the other."""
    return _through(
        tree, lambda z: z if isinstance(z, RealPair) else Complex(z.real, -z.imag)
    )


def unpaired(tree: Any) -> Any:
    """A tree with complex arrays in place of pairs of arrays; pairs of tensors stay."""

    def one(z: Complex) -> Any:
        if isinstance(z.real, Node) or isinstance(z.imag, Node):
            return z
        if isinstance(z, RealPair):
            return z.real
        return np.asarray(z.real + 1j * np.asarray(z.imag), dtype=z.dtype)[()]

    return _through(tree, one)


def _each_leaf(tree: Any, change: Function) -> Any:
    """A tree of dictionaries, tuples and lists with each leaf changed; pairs are leaves."""
    if isinstance(tree, dict):
        return {k: _each_leaf(v, change) for k, v in tree.items()}
    if isinstance(tree, (tuple, list)):
        found = [_each_leaf(x, change) for x in tree]
        return type(tree)(*found) if hasattr(tree, "_fields") else type(tree)(found)
    return change(tree)


def _through(tree: Any, change: Function) -> Any:
    return _each_leaf(tree, lambda x: change(x) if isinstance(x, Complex) else x)


def holds_pair(tree: Any) -> bool:
    """Is there a pair in the tree?"""
    found: list[bool] = []
    _through(tree, lambda z: found.append(True))
    return bool(found)


def widened(tree: Any) -> Any:
    """A tree in which real tensors are pairs too, if any leaf is one."""
    if not holds_pair(tree):
        return tree
    return _each_leaf(tree, lambda x: RealPair(x) if isinstance(x, Node) else x)


def as_answer(g: Any, like: Any) -> Any:
    """g with pairs where `like`, an answer, has them or complex arrays, and nowhere else."""
    if isinstance(like, dict):
        return {k: as_answer(g[k], v) for k, v in like.items()}
    if isinstance(like, (tuple, list)):
        return type(like)(map(as_answer, g, like))
    if isinstance(like, RealPair):
        return RealPair(parts(g)[0])
    if isinstance(like, Complex) or np.iscomplexobj(like):
        return Complex(*parts(g))
    return parts(g)[0] if isinstance(g, Complex) or np.iscomplexobj(g) else g
