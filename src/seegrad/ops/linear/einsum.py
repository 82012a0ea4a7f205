"""Sums of products by labels: `contract`, the operation, and `einsum`, NumPy's way to state it.

Three factors and more become contractions of two by the cheapest order, `contraction_path`; the
graph, eager and compiled, is that order.
"""

from __future__ import annotations

import math
import string
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

import numpy as np

from seegrad.errors import DTypeError, ShapeError
from seegrad.graph.forms import Contract
from seegrad.graph.op import Case
from seegrad.graph.spec import Shape, Spec
from seegrad.i18n import tr
from seegrad.ops.families import PRODUCT, operation
from seegrad.ops.linear.linalg import diagonal
from seegrad.ops.reduce import sum
from seegrad.ops.shape import array_like, reshape

LETTERS = string.ascii_uppercase + string.ascii_lowercase
"""The labels, in the order of an implicit output; as numbers, their places."""


def _sizes(subscripts: str, xs: tuple[Any, ...]) -> dict[str, int]:
    terms = subscripts.split("->")[0].split(",")
    if len(terms) != len(xs):
        raise ShapeError(
            tr("{subscripts} names {count} inputs", subscripts=repr(subscripts), count=len(terms)),
            came=tr("{count} inputs", count=len(xs)),
        )
    sizes: dict[str, int] = {}
    for term, x in zip(terms, xs):
        if len(term) != x.ndim:
            raise ShapeError(
                tr("the term {term} needs {count} axes", term=repr(term), count=len(term)),
                came=tr("shape {shape}", shape=x.shape),
            )
        for label, n in zip(term, x.shape):
            if sizes.setdefault(label, n) != n:
                raise ShapeError(tr("the label {label} has two sizes", label=repr(label)))
    return sizes


def _contract_spec(*xs: Spec, subscripts: str) -> Spec:
    sizes = _sizes(subscripts, xs)
    out = subscripts.split("->")[1]
    return Spec(tuple(sizes[c] for c in out), np.result_type(*[x.dtype for x in xs]))


def _contract_rule(
    g: Any, xs: tuple[Any, ...], position: int, xs_specs: tuple[Spec, ...], subscripts: str
) -> Any:
    left, out = subscripts.split("->")
    terms = left.split(",")
    mine, rest = terms[position], terms[:position] + terms[position + 1 :]
    known = [c for c in mine if c in out or any(c in t for t in rest)]
    others = [x for i, x in enumerate(xs) if i != position]
    part = pairwise([g, *others], [out, *rest], "".join(known))
    # a label that only this term has was summed away: every element gets the same derivative
    shape = xs_specs[position].shape
    part = reshape(part, shape=tuple(n if c in known else 1 for c, n in zip(mine, shape)))
    return part + np.zeros(shape, g.dtype) if part.shape != shape else part


@cache
def _settled(subscripts: str, ndims: tuple[int, ...]) -> str:
    """`subscripts` with the output written out."""
    terms, out = _plain_subscripts(subscripts, list(ndims))
    if twice := [t for t in terms if len(set(t)) != len(t)]:
        raise ShapeError(
            tr("the term {term} names a label twice", term=repr(twice[0])),
            asked="each label once in a term",
            hint="einsum takes diagonals as well",
        )
    return f"{','.join(terms)}->{out}"


def _contract_attrs(*xs: Any, subscripts: Any) -> dict[str, Any]:
    settled = _settled(subscripts, tuple([len(x.shape) for x in xs]))
    _sizes(settled, xs)
    return {"subscripts": settled}


@operation(
    spec=_contract_spec,
    canonical=_contract_attrs,
    lower=Contract(),
    sign="Σ×",
    latex=r"\sum_{$subscripts} $xs",
    precedence=PRODUCT,
    numpy=(),
    onnx="Einsum(xs, equation=subscripts)",
    d={"xs": _contract_rule},
    cases=(
        Case(((2, 3), (3, 4)), {"subscripts": "ij,jk->ik"}),
        Case(((2, 3),), {"subscripts": "ij->j"}),
        Case(((2, 3), (3,), (2,)), {"subscripts": "ij,j,i->"}),
        Case(((2, 3, 4),), {"subscripts": "abc->ca"}),
        Case(((5, 2, 3), (5, 3, 2)), {"subscripts": "bij,bjk->bik"}),
    ),
    family="product",
)
def contract(*xs, subscripts):
    """The sum of products that `subscripts` states; no label stands twice in one term."""
    if all(x.dtype.char == "e" for x in xs):
        return np.asarray(np.einsum(subscripts, *xs, dtype=np.float32)).astype(np.float16)
    # a product of matrices where it is one; what is small is quicker without looking for it
    large = math.prod(_sizes(subscripts, xs).values()) > 2**12
    return np.asarray(np.einsum(subscripts, *xs, optimize=large and len(xs) == 2))


# --------------------------------------------------------------- the order of contractions

EXACT = 6
"""Of so many factors the best order is looked for among all; of more, greedily."""
UNBOUNDED = 2**62
"""No bound for what lies between: `SizeError` says if it is too large."""


@lru_cache(maxsize=1024)
def contraction_path(
    terms: tuple[str, ...], out: str, shapes: tuple[Shape, ...]
) -> tuple[tuple[int, ...], ...]:
    """Which factors meet, step by step; the result of a step stands behind the factors left.

    The order of the fewest multiplications (`numpy.einsum_path`; Pfeifer, Haegeman and Verstraete,
    "Faster identification of optimal contraction sequences", 2014).
    """
    hollow = [np.broadcast_to(np.zeros(()), shape) for shape in shapes]
    how = "optimal" if len(terms) <= EXACT else "greedy"
    path = np.einsum_path(f"{','.join(terms)}->{out}", *hollow, optimize=(how, UNBOUNDED))[0]
    return tuple(tuple(sorted(step)) for step in path[1:])


def _summed(x: Any, term: str, elsewhere: str) -> tuple[Any, str]:
    """x without the axes whose labels stand nowhere else: they are summed first."""
    alone = tuple(i for i, label in enumerate(term) if label not in elsewhere)
    if not alone or x.dtype.kind != "f":
        return x, term
    return sum(x, axis=alone), "".join(c for i, c in enumerate(term) if i not in alone)


def pairwise(xs: Sequence[Any], terms: Sequence[str], out: str) -> Any:
    """The sum of products of `xs`, two by two in the cheapest order."""
    factors, left = list(xs), list(terms)
    if len(factors) < 3:
        return contract(*factors, subscripts=f"{','.join(left)}->{out}")
    _sizes(f"{','.join(left)}->{out}", tuple(factors))
    for i, x in enumerate(factors):
        factors[i], left[i] = _summed(x, left[i], "".join([*left[:i], *left[i + 1 :], out]))
    shapes = tuple(tuple(x.shape) for x in factors)
    for step in contraction_path(tuple(left), out, shapes):
        now, labels = [factors[i] for i in step], [left[i] for i in step]
        factors = [x for i, x in enumerate(factors) if i not in step]
        left = [t for i, t in enumerate(left) if i not in step]
        wanted = "".join(left) + out
        kept = "".join(c for c in dict.fromkeys("".join(labels)) if c in wanted)
        term = kept if left else out
        factors.append(contract(*now, subscripts=f"{','.join(labels)}->{term}"))
        left.append(term)
    return factors[0]


# --------------------------------------------------------------- NumPy's way to state it


def _plain_subscripts(subscripts: Any, ndims: list[int]) -> tuple[list[str], str]:
    """The terms and the output, with `...` spelt out and an implicit output written."""
    if not isinstance(subscripts, str):
        raise DTypeError("subscripts are text such as 'ij,jk->ik'", came=repr(subscripts))
    text = subscripts.replace(" ", "")
    left, arrow, out = text.partition("->")
    terms = left.split(",")
    if len(terms) != len(ndims):
        raise ShapeError(
            tr("{subscripts} names {count} inputs", subscripts=repr(subscripts), count=len(terms)),
            came=tr("{count} inputs", count=len(ndims)),
        )
    unused = [c for c in LETTERS if c not in text]
    longest, spelt = 0, []
    for term, ndim in zip(terms, ndims):
        extra = ndim - len(term.replace("...", ""))
        if extra < 0 or ("..." not in term and extra):
            raise ShapeError(
                tr("the term {term} names {count} axes", term=repr(term), count=len(term)),
                came=tr("an input with {count}", count=ndim),
            )
        longest = max(longest, extra)
        spelt.append((term, extra))
    dots = "".join(unused[:longest])
    terms = [t.replace("...", dots[longest - extra :]) for t, extra in spelt]
    if not arrow:
        joined = "".join(terms)
        out = dots + "".join(
            c for c in sorted(set(joined)) if joined.count(c) == 1 and c not in dots
        )
    out = out.replace("...", dots)
    if not all(c.isalpha() for c in "".join(terms) + out) or len(set(out)) != len(out):
        raise ShapeError(
            tr("{subscripts} is not a sum of products", subscripts=repr(subscripts)),
            asked="letters, each once"
                         " in the output",
        )  # fmt: skip
    if unknown := set(out) - set("".join(terms)):
        raise ShapeError(
            tr("the output label {label} stands in no input", label=repr(min(unknown))),
            asked="output labels that an input has",
            came=f"subscripts={subscripts!r}",
        )
    return terms, out


def _letter(label: Any) -> str:
    if label is Ellipsis:
        return "..."
    if isinstance(label, (int, np.integer)) and 0 <= label < len(LETTERS):
        return LETTERS[label]
    raise DTypeError(
        "a label in a list is a whole number",
        asked=tr("from {low} to {high}, or ...", low=0, high=len(LETTERS) - 1),
        came=repr(label),
    )


def _from_lists(operands: Sequence[Any]) -> tuple[str, tuple[Any, ...]]:
    """`x, [0, 1], y, [1, 2]`, perhaps with the output's list behind, in letters."""
    count = len(operands) // 2
    xs, lists = operands[: 2 * count : 2], list(operands[1 : 2 * count : 2])
    lists += operands[2 * count :]
    for labels in lists:
        if not isinstance(labels, (list, tuple)):
            raise DTypeError(
                "each array is followed by the list of its labels",
                asked="einsum('ij,jk->ik', x, y), or einsum(x, [0, 1], y, [1, 2])",
                came=repr(type(labels).__name__),
            )
    terms = ["".join(map(_letter, labels)) for labels in lists]
    text = ",".join(terms[:count])
    return (f"{text}->{terms[count]}" if len(terms) > count else text), tuple(xs)


def einsum(subscripts: Any, *xs: Any, optimize: Any = True) -> Any:
    """Einstein's sum of products, as `numpy.einsum`: implicit output, `...` and diagonals too.

    Args:
        subscripts: such as `"ij,jk->ik"`; or the operands with a list of whole numbers behind each:
            `einsum(x, [0, 1], y, [1, 2])`, and the output's list at the end if it is not implicit.
        xs: the factors. Three and more meet two by two, in the order of the fewest multiplications.
        optimize: False: all factors at once.

    Sizes on `...` axes must be equal or 1. Raises ShapeError where labels and sizes do not fit.

    >>> a, b, c = np.ones((2, 30)), np.ones((30, 4)), np.ones((4, 5))
    >>> einsum("ij,jk,kl->il", a, b, c).shape, einsum(a, [0, 1], b, [1, 2]).shape
    ((2, 5), (2, 4))
    """
    if not isinstance(subscripts, str) and xs:
        subscripts, xs = _from_lists((subscripts, *xs))
    xs = tuple(array_like(x) for x in xs)
    terms, out = _plain_subscripts(subscripts, [len(x.shape) for x in xs])
    done, plain = [], []
    for term, x in zip(terms, xs):
        while repeated := next((c for c in term if term.count(c) > 1), None):
            i = term.index(repeated)
            j = term.index(repeated, i + 1)
            if x.shape[i] != x.shape[j]:
                raise ShapeError(
                    tr("the label {label} has two sizes", label=repr(repeated)),
                    came=f"{x.shape[i]}, {x.shape[j]}",
                )
            x = diagonal(x, axis1=i, axis2=j)
            term = term[:i] + term[i + 1 : j] + term[j + 1 :] + repeated
        done.append(x)
        plain.append(term)
    done, plain = _drop_ones(done, plain)
    if optimize is False:
        return contract(*done, subscripts=f"{','.join(plain)}->{out}")
    return pairwise(done, plain, out)


def _drop_ones(xs: list[Any], terms: list[str]) -> tuple[list[Any], list[str]]:
    """Axes of length 1 that meet a longer one elsewhere are dropped: broadcasting."""
    longest: dict[str, int] = {}
    for x, term in zip(xs, terms):
        for c, n in zip(term, x.shape):
            longest[c] = max(longest.get(c, 1), n) if n else 0
    found_x, found_t = [], []
    for x, term in zip(xs, terms):
        keep = [n != 1 or longest[c] == 1 for c, n in zip(term, x.shape)]
        if not all(keep):
            x = reshape(x, shape=tuple(n for n, k in zip(x.shape, keep) if k))
            term = "".join(c for c, k in zip(term, keep) if k)
        found_x.append(x)
        found_t.append(term)
    return found_x, found_t
