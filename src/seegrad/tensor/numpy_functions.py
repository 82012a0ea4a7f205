"""NumPy's functions that are put together from operations of the table, by NumPy's names.

Each is a few operations, so that it is differentiated, compiled and drawn as those are. What only
renames an operation stands in `numpy_names`, what makes leaves in `creation`.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from seegrad.errors import ShapeError, ValueRangeError
from seegrad.graph.node import Node
from seegrad.i18n import tr
from seegrad.ops import arithmetic, compare, indexing, reduce, scan_sort, shape, transcendental
from seegrad.ops.families import one_axis, some_axes
from seegrad.ops.linear import linalg
from seegrad.ops.special import floating_point
from seegrad.tensor.numpy_names import NUMPY_FUNCTIONS, quantile, without_nan

like = shape.array_like


# --------------------------------------------------------------- means that leave something out


def average(
    x: Any, axis: Any = None, weights: Any = None, keepdims: bool = False, *,
    returned: bool = False,
) -> Any:  # fmt: skip
    """The mean of x along `axis`, weighted if `weights` are given (of x's shape, or one axis').

    Raises:
        ShapeError: where the weights fit neither x nor the axis.

    Args:
        keepdims: does the axis stay, with size 1?
        returned: give the sum of the weights too, as a second array.

    >>> average([1.0, 2.0, 4.0], weights=[1.0, 1.0, 2.0])
    np.float64(2.75)
    """
    x = like(x)
    if weights is None:
        found = reduce.mean(x, axis=axis, keepdims=keepdims)
        count = math.prod(x.shape) // max(math.prod(found.shape), 1)
        return (found, found * 0 + count) if returned else found
    w = like(weights)
    if w.shape != x.shape:
        at = one_axis(axis, len(x.shape)) if isinstance(axis, int) else -1
        if at < 0 or w.shape != (x.shape[at],):
            raise ShapeError(
                "the weights do not fit", asked=tr("weights of shape {shape}", shape=x.shape),
                came=tr("shape {shape}, axis={axis}", shape=w.shape, axis=axis),
            )  # fmt: skip
        w = shape.reshape(w, shape=(w.shape[0], *(1,) * (len(x.shape) - at - 1)))
    whole = reduce.sum(shape.broadcast_to(w, shape=x.shape), axis=axis, keepdims=keepdims)
    found = reduce.sum(x * w, axis=axis, keepdims=keepdims) / whole
    return (found, whole) if returned else found


def percentile(
    x: Any, q: Any, axis: Any = None, keepdims: bool = False, *, method: str = "linear"
) -> Any:
    """The value below which q percent of x along `axis` lie, for each q; see `quantile`.

    Args:
        keepdims: does the axis stay, with size 1?
        method: as in `quantile`.

    >>> percentile([1.0, 2.0, 3.0], [50, 75])
    array([2. , 2.5])
    """
    part = (like(q) if isinstance(q, (list, tuple)) else q) / 100
    return quantile(x, part, axis, keepdims, method=method)


def _over(total: Any, count: Any) -> Any:
    """A total over a number of elements, in the dtype of the total."""
    found, dtype = total / count, compare.floating(total).dtype
    if found.dtype == dtype:
        return found
    found = compare.astype(found, dtype=dtype)
    return found if isinstance(found, Node) else found[()]


def _numbers(x: Any, axis: Any, keepdims: bool) -> Any:
    """How many elements along `axis` are numbers."""
    return reduce.sum(compare.logical_not(compare.isnan(x)), axis=axis, keepdims=keepdims)


def _or_nan(found: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    """What was found of x, and NaN where there was no number."""
    if x.dtype.kind != "f":
        return found
    return compare.where(_numbers(x, axis, keepdims) > 0, found, math.nan)


def nansum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The sum of the elements that are not NaN; no derivative goes to the others.

    Args:
        axis: along which axis; None: of all of x.
        keepdims: does the axis stay, with size 1?

    >>> nansum([1.0, np.nan, 3.0])
    np.float64(4.0)
    """
    return reduce.sum(without_nan(x, 0.0), axis=axis, keepdims=keepdims)


def nanprod(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The product of the elements that are not NaN.

    Args:
        axis: along which axis; None: of all of x.
        keepdims: does the axis stay, with size 1?

    >>> nanprod([2.0, np.nan, 3.0])
    np.float64(6.0)
    """
    return reduce.prod(without_nan(x, 1.0), axis=axis, keepdims=keepdims)


def nanmean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean of the elements that are not NaN; NaN where there is none.

    Args:
        axis: along which axis; None: of all of x.
        keepdims: does the axis stay, with size 1?

    >>> nanmean([1.0, np.nan, 3.0])
    np.float64(2.0)
    """
    x = like(x)
    return _over(nansum(x, axis, keepdims), _numbers(x, axis, keepdims))


def nanvar(x: Any, axis: Any = None, keepdims: bool = False, ddof: float = 0) -> Any:
    """The variance of the elements that are not NaN.

    Args:
        axis: along which axis; None: of all of x.
        keepdims: does the axis stay, with size 1?
        ddof: what is taken off the number of elements that is divided by.

    >>> nanvar([1.0, np.nan, 3.0])
    np.float64(1.0)
    """
    x = like(x)
    apart = compare.where(compare.isnan(x), 0.0, x - nanmean(x, axis, keepdims=True))
    total = reduce.sum(apart * apart, axis=axis, keepdims=keepdims)
    return _over(total, _numbers(x, axis, keepdims) - ddof)


def nanstd(x: Any, axis: Any = None, keepdims: bool = False, ddof: float = 0) -> Any:
    """The standard deviation of the elements that are not NaN.

    Args:
        axis: along which axis; None: of all of x.
        keepdims: does the axis stay, with size 1?
        ddof: what is taken off the number of elements that is divided by.

    >>> nanstd([1.0, np.nan, 3.0])
    np.float64(1.0)
    """
    return arithmetic.sqrt(nanvar(x, axis, keepdims, ddof))


def nanmax(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The largest element that is not NaN; NaN where there is none.

    Args:
        axis: along which axis; None: of all of x.
        keepdims: does the axis stay, with size 1?

    >>> nanmax([1.0, np.nan, 3.0])
    array(3.)
    """
    found = reduce.max(without_nan(x, -math.inf), axis=axis, keepdims=keepdims)
    return _or_nan(found, like(x), axis, keepdims)


def nanmin(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The smallest element that is not NaN; NaN where there is none.

    Args:
        axis: along which axis; None: of all of x.
        keepdims: does the axis stay, with size 1?

    >>> nanmin([1.0, np.nan, 3.0])
    array(1.)
    """
    found = reduce.min(without_nan(x, math.inf), axis=axis, keepdims=keepdims)
    return _or_nan(found, like(x), axis, keepdims)


def ptp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The largest minus the smallest element along `axis`.

    Args:
        keepdims: does the axis stay, with size 1?

    >>> ptp([3.0, 1.0, 2.0])
    np.float64(2.0)
    """
    x = like(x)
    highest = reduce.max(x, axis=axis, keepdims=keepdims)
    return highest - reduce.min(x, axis=axis, keepdims=keepdims)


def count_nonzero(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """How many elements along `axis` are not 0.

    Args:
        keepdims: does the axis stay, with size 1?

    >>> count_nonzero([1.0, 0.0, 2.0])
    np.int64(2)
    """
    return reduce.sum(compare.not_equal(like(x), 0), axis=axis, keepdims=keepdims)


def nan_to_num(
    x: Any, nan: float = 0.0, posinf: Any = None, neginf: Any = None, *, copy: bool = True
) -> Any:
    """x with numbers in place of NaN and infinities (None: the largest of x's dtype).

    Args:
        copy: without effect: x never changes.
        nan: what stands for NaN.
        posinf: what stands for ∞; the largest number of the dtype when not given.
        neginf: what stands for −∞; the least number when not given.

    >>> nan_to_num([np.nan, np.inf, 1.0], posinf=9.0)
    array([0., 9., 1.])
    """
    x = compare.floating(like(x))
    most = float(np.finfo(x.dtype).max)
    high, low = most if posinf is None else posinf, -most if neginf is None else neginf
    return floating_point.finite(x, nan=float(nan), posinf=float(high), neginf=float(low))


def cov(
    m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: Any = None,
    fweights: Any = None, aweights: Any = None,
) -> Any:  # fmt: skip
    """The covariances of the rows of m, and of y's below them (columns if not `rowvar`), by n − 1
    (`bias`: by n).

    Args:
        ddof: what is taken off the number of columns that is divided by; 1 unless `bias`.
        fweights: how often each column counts.
        aweights: how much each column counts beside the others.

    >>> cov([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]])
    array([[ 1., -1.],
           [-1.,  1.]])
    """

    def rows(x: Any) -> Any:
        x = like(x)
        if len(x.shape) < 2:
            return shape.reshape(x, shape=(1, -1))
        return x if rowvar else shape.transpose(x)

    m = rows(m) if y is None else shape.concatenate(rows(m), rows(y), axis=0)
    lost = (0 if bias else 1) if ddof is None else ddof
    if fweights is None and aweights is None:
        apart = m - reduce.mean(m, axis=1, keepdims=True)
        found = linalg.matmul(apart, shape.transpose(apart)) / (m.shape[1] - lost)
    else:
        often, much = (np.ones(m.shape[1]) if w is None else like(w) for w in (fweights, aweights))
        w = often * much
        total = reduce.sum(w)
        freedom = total - lost * reduce.sum(w * much) / total
        apart = m - average(m, 1, w, keepdims=True)
        found = linalg.matmul(apart * w, shape.transpose(apart)) / freedom
    return shape.squeeze(found) if found.shape == (1, 1) else found


def corrcoef(x: Any, y: Any = None, rowvar: bool = True) -> Any:
    """The correlations of the rows of x, and of y's below them (columns if not `rowvar`).

    >>> corrcoef([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]])
    array([[ 1., -1.],
           [-1.,  1.]])
    """
    c = cov(x, y, rowvar)
    if not len(c.shape):
        return c / c
    deviation = arithmetic.sqrt(linalg.diagonal(c))
    return c / linalg.outer(deviation, deviation)


# --------------------------------------------------------------- along an axis


def trapezoid(y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> Any:
    """The integral of y along `axis` by trapezoids, at the places x or at distances dx.

    >>> trapezoid([1.0, 2.0, 3.0])
    np.float64(4.0)
    """
    y = like(y)
    at, n = one_axis(axis, len(y.shape)), y.shape[axis]
    wide: Any = dx
    if x is not None:
        x = like(x)
        wide = scan_sort.diff(x, axis=-1 if len(x.shape) == 1 else axis)
        if len(x.shape) == 1:
            wide = shape.reshape(wide, shape=(n - 1, *(1,) * (len(y.shape) - at - 1)))
    heights = shape.part(y, at, 1, n - 1) + shape.part(y, at, 0, n - 1)
    return reduce.sum(heights * wide * 0.5, axis=at)


def _widths(spacing: Any, n: int) -> Any:
    """The distances between n places along an axis: one number for all, or n − 1."""
    spacing = like(spacing)
    if not len(spacing.shape):
        return spacing
    if tuple(spacing.shape) != (n,):
        raise ShapeError(
            "places along an axis are one number for each of its elements",
            asked=f"({n},)", came=tr("shape {shape}", shape=tuple(spacing.shape)),
        )  # fmt: skip
    wide = scan_sort.diff(spacing)
    return wide[0] if isinstance(wide, np.ndarray) and (wide == wide[0]).all() else wide


def _slope_along(f: Any, at: int, spacing: Any, edge_order: int) -> Any:
    n = f.shape[at]
    if n < edge_order + 1:
        raise ShapeError(
            tr("a slope needs {n} values", n=edge_order + 1),
            asked=tr("an axis of at least {n}", n=edge_order + 1),
            came=tr("shape {shape}", shape=f.shape),
        )
    h = compare.astype(_widths(spacing, n), dtype=f.dtype)
    even = not len(h.shape)

    def value(i: int, length: int = 1) -> Any:
        return shape.part(f, at, i, length)

    def width(i: int, length: int = 1) -> Any:
        sizes = (length, *(1,) * (len(f.shape) - at - 1))
        return h if even else shape.reshape(shape.part(h, 0, i, length), shape=sizes)

    def slope(i: int) -> Any:
        return (value(i + 1) - value(i)) / width(i)

    def end(i: int, inner: int) -> Any:
        if edge_order == 1:
            return slope(i)
        # that of the parabola through the three values at this end
        return slope(i) + (slope(i) - slope(inner)) * width(i) / (width(i) + width(inner))

    if even:
        middle = (value(2, n - 2) - value(0, n - 2)) / (h * 2)
    else:
        a, b = width(0, n - 2), width(1, n - 2)
        left, right = a * (a + b), b * (a + b)
        middle = value(2, n - 2) * (a / right) - value(0, n - 2) * (b / left)
        middle = middle + value(1, n - 2) * ((b - a) / (a * b))
    return shape.concatenate(end(0, 1), middle, end(n - 2, n - 3), axis=at)


def gradient(f: Any, *spacing: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """Slopes of f along each axis by central differences, one-sided at both ends.

    spacing: one distance, or for each axis a distance or the places of its elements, which may lie
    unevenly: the slope is then that of the parabola through three neighbours. Gives one array, or
    a tuple with one for each axis.

    Args:
        edge_order: 1 or 2: by straight lines or by parabolas at both ends.

    Raises:
        ShapeError: where distances and axes, or places and elements, are not equally many.
        ValueRangeError: for another `edge_order`.

    >>> gradient([1.0, 4.0, 9.0])
    array([3., 4., 5.])
    >>> gradient([0.0, 1.0, 9.0], [0.0, 1.0, 3.0])
    array([1., 2., 4.])
    """
    if edge_order not in (1, 2):
        raise ValueRangeError("ends are straight lines or parabolas", asked="1, 2",
                              came=f"edge_order={edge_order!r}")  # fmt: skip
    f = compare.floating(like(f))
    axes = some_axes(axis, len(f.shape))
    one = len(spacing) == 1 and not len(like(spacing[0]).shape)
    steps = spacing * len(axes) if one else spacing or (1.0,) * len(axes)
    if len(steps) != len(axes):
        raise ShapeError("one distance for each axis", asked=f"{len(axes)}", came=f"{len(steps)}")
    found = tuple(_slope_along(f, at, each, edge_order) for at, each in zip(axes, steps))
    return found[0] if len(found) == 1 else found


def _running(x: Any, axis: int, join: Callable[[Any, Any], Any], neutral: float) -> Any:
    """What `join` makes of all elements up to each, in log₂(n) steps of twice the reach."""
    at, n, reach = one_axis(axis, len(x.shape)), x.shape[axis], 1
    while reach < n:
        widths = tuple((reach, 0) if i == at else (0, 0) for i in range(len(x.shape)))
        before = shape.pad(shape.part(x, at, 0, n - reach), widths=widths, value=neutral)
        x, reach = join(before, x), reach * 2
    return x


def cummax(x: Any, axis: int = -1) -> Any:
    """The largest element up to each along `axis`; equal ones share the derivative.

    >>> cummax([1.0, 3.0, 2.0])
    array([1., 3., 3.])
    """
    return _running(compare.floating(like(x)), axis, arithmetic.maximum, -math.inf)


def cummin(x: Any, axis: int = -1) -> Any:
    """The smallest element up to each along `axis`; equal ones share the derivative.

    >>> cummin([3.0, 1.0, 2.0])
    array([3., 1., 1.])
    """
    return _running(compare.floating(like(x)), axis, arithmetic.minimum, math.inf)


def logcumsumexp(x: Any, axis: int = -1) -> Any:
    """The logarithms of the running sums of exp(x) along `axis`, without overflow.

    >>> logcumsumexp([0.0, 0.0]).round(3)
    array([0.   , 0.693])
    """
    return _running(compare.floating(like(x)), axis, transcendental.logaddexp, -math.inf)


def unwrap(p: Any, axis: int = -1, period: float = 2 * math.pi) -> Any:
    """Angles whose jumps of more than half a period are taken back by whole periods.

    Args:
        p: angles.
        axis: along which axis.

    >>> unwrap([0.0, 6.0]).round(3)
    array([ 0.   , -0.283])
    """
    p = compare.floating(like(p))
    at, n = one_axis(axis, len(p.shape)), p.shape[axis]
    if n < 2:
        return p
    jumps = scan_sort.diff(p, axis=at)
    turns = _whole_periods(arithmetic.stop_gradient(jumps), period)
    widths = tuple((1, 0) if i == at else (0, 0) for i in range(len(p.shape)))
    return p - shape.pad(scan_sort.cumsum(turns, axis=at), widths=widths)


def _whole_periods(jumps: Any, period: float) -> Any:
    """The whole periods nearest to each jump; a jump of just half a period upwards stays."""
    half = period / 2
    turns = arithmetic.floor((jumps + half) / period)
    return compare.where((jumps > 0) & (jumps == half), 0.0, turns * period)


def partition(x: Any, kth: Any, axis: int = -1, kind: str = "introselect") -> Any:
    """x with the element kth along `axis` where sorting puts it; here all are sorted.

    Args:
        kind: without effect.

    >>> partition([3.0, 1.0, 2.0], 1)
    array([1., 2., 3.])
    """
    return scan_sort.sort(like(x), axis=axis)


def convolve(a: Any, v: Any, mode: str = "full") -> Any:
    """The convolution Σ a(i)·v(n − i) of two vectors: "full", "same" or "valid", as NumPy's.

    Raises:
        ShapeError: for what are no two vectors.
        ValueRangeError: for another mode.

    >>> convolve([1.0, 2.0, 3.0], [1.0, 1.0])
    array([1., 3., 5., 3.])
    """
    a, v = like(a), like(v)
    if len(a.shape) != 1 or len(v.shape) != 1 or not a.shape[0] or not v.shape[0]:
        raise ShapeError("a convolution takes two vectors", asked="two axes of at least one number",
                         came=f"{a.shape}, {v.shape}")  # fmt: skip
    if v.shape[0] > a.shape[0]:
        a, v = v, a
    n, m = a.shape[0], v.shape[0]
    around = {"full": m - 1, "same": m - 1, "valid": 0}
    if mode not in around:
        raise ValueRangeError("an unknown mode", asked=", ".join(around), came=f"mode={mode!r}")
    wide = shape.pad(a, widths=((around[mode], around[mode]),))
    reads = np.arange(wide.shape[0] - m + 1)[:, None] + np.arange(m)
    found = linalg.matmul(indexing.take(wide, reads), shape.flip(v))
    return shape.part(found, 0, (m - 1) // 2, n) if mode == "same" else found


def correlate(a: Any, v: Any, mode: str = "valid") -> Any:
    """Σ a(n + i)·v(i) of two vectors, v no longer than a: a convolution with v turned round.

    Args:
        mode: as in `convolve`.

    >>> correlate([1.0, 2.0, 3.0], [1.0, 1.0])
    array([3., 5.])
    """
    a, v = like(a), like(v)
    if v.shape[0] > a.shape[0]:
        return shape.flip(correlate(v, a, mode))
    return convolve(a, shape.flip(v), mode)


def searchsorted(a: Any, v: Any, side: str = "left", sorter: Any = None) -> Any:
    """Where v would go into the ascending vector a (or a[sorter]); without a derivative.

    Args:
        side: "left" or "right" of equal elements.

    >>> searchsorted([1.0, 2.0, 3.0], [2.5])
    array([2])
    """
    a = like(a) if sorter is None else indexing.take(like(a), like(sorter))
    return scan_sort.searchsorted(a, like(v), side=side)


def digitize(x: Any, bins: Any, right: bool = False) -> Any:
    """The number of the bin of each x; `bins` ascend, or descend.

    Args:
        right: does the end of a bin that is farther from the first belong to it, and not the other?

    Raises:
        ValueRangeError: where an array of bins does neither.

    >>> digitize([0.5, 2.5], [1.0, 2.0, 3.0])
    array([0, 2])
    >>> digitize([0.5, 2.5], [3.0, 2.0, 1.0])
    array([3, 1])
    """
    bins, side = like(bins), "left" if right else "right"
    up = searchsorted(bins, x, side)
    if bins.shape[0] < 2:
        return up
    if isinstance(bins, np.ndarray):
        steps = np.sign(bins[1:] * 1.0 - bins[:-1])
        if {-1, 1} <= {*steps}:
            raise ValueRangeError("bins ascend or descend", came=f"bins={bins!r:.60}")
        if -1 not in steps:
            return up
    down = arithmetic.subtract(bins.shape[0], searchsorted(shape.flip(bins), x, side))
    if isinstance(bins, np.ndarray):
        return down
    return compare.where(bins[0] > bins[-1], down, up)


def interp(
    x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None
) -> Any:
    """At x, the straight lines between the points (xp, fp), xp ascending; ends stay level.

    Args:
        period: the points come again after so much, in any order; then nothing is left or right.
        left: the value below the first point; that of the first point when not given.
        right: the value above the last; that of the last point.

    Raises:
        ShapeError: where `xp` and `fp` are no two vectors of one length.

    >>> float(interp(1.5, [1.0, 2.0], [10.0, 20.0]))
    15.0
    """
    x, xp, fp = like(x), like(xp), like(fp)
    if len(xp.shape) != 1 or xp.shape != fp.shape or not xp.shape[0]:
        raise ShapeError("points are two vectors of one length", came=f"{xp.shape}, {fp.shape}")
    if period is not None:
        x, xp, fp = _unrolled(x, xp, fp, period)
    n = xp.shape[0]
    low, high = fp[0] if left is None else left, fp[n - 1] if right is None else right
    inside = x
    if n > 1:
        i = arithmetic.clip(searchsorted(xp, x, side="right") - 1, 0, n - 2)
        x0, y0 = indexing.take(xp, i), indexing.take(fp, i)
        slope = (indexing.take(fp, i + 1) - y0) / (indexing.take(xp, i + 1) - x0)
        inside = y0 + slope * (x - x0)
    else:
        inside = fp[0] + x * 0
    return compare.where(x < xp[0], low, compare.where(x > xp[n - 1], high, inside))


def _unrolled(x: Any, xp: Any, fp: Any, period: Any) -> tuple[Any, Any, Any]:
    """Places within one period, and the points there in order with a neighbour at each end."""
    n = xp.shape[0]
    x, xp = arithmetic.mod(x, period), arithmetic.mod(xp, period)
    order = scan_sort.argsort(xp, axis=0)
    xp, fp = indexing.take(xp, order), indexing.take(fp, order)

    def ends(v: Any) -> tuple[Any, Any]:
        return shape.part(v, 0, n - 1, 1), shape.part(v, 0, 0, 1)

    (last, first), (before, after) = ends(xp), ends(fp)
    places = shape.concatenate(last - period, xp, first + period)
    return x, places, shape.concatenate(before, fp, after)


def isin(x: Any, among: Any, *, invert: bool = False, assume_unique: bool = False) -> Any:
    """Is each x equal to one of `among`? With `invert`: to none.

    Args:
        assume_unique: without effect: it would only save time.

    >>> isin([1, 2, 3], [3, 1])
    array([ True, False,  True])
    """
    x, among = like(x), shape.ravel(like(among))
    found = reduce.any(compare.equal(shape.expand_dims(x, axis=-1), among), axis=-1)
    return compare.logical_not(found) if invert else found


# --------------------------------------------------------------- shapes


def _at_least(x: Any, ndim: int) -> Any:
    x = like(x)
    missing = ndim - len(x.shape)
    if missing <= 0:
        return x
    front = missing - 1 if ndim == 3 and len(x.shape) else missing
    sizes = (1,) * front + tuple(x.shape) + (1,) * (missing - front)
    return shape.reshape(x, shape=sizes)


def _all_at_least(xs: Sequence[Any], ndim: int) -> Any:
    found = tuple(_at_least(x, ndim) for x in xs)
    return found[0] if len(found) == 1 else found


def atleast_1d(*xs: Any) -> Any:
    """Each x with at least one axis.

    >>> atleast_1d(3.0)
    array([3.])
    """
    return _all_at_least(xs, 1)


def atleast_2d(*xs: Any) -> Any:
    """Each x with at least two axes; a vector becomes a row.

    >>> atleast_2d([1.0, 2.0])
    array([[1., 2.]])
    """
    return _all_at_least(xs, 2)


def atleast_3d(*xs: Any) -> Any:
    """Each x with at least three axes, as NumPy places them.

    >>> atleast_3d([1.0, 2.0]).shape
    (1, 2, 1)
    """
    return _all_at_least(xs, 3)


def array_split(x: Any, sections: Any, axis: int = 0) -> list[Any]:
    """x in parts along `axis`; a number of parts that does not divide it makes the first longer.

    Args:
        sections: how many parts, or where to cut.

    Raises:
        ValueRangeError: for less than one part.

    >>> array_split([1.0, 2.0, 3.0], 2)
    [array([1., 2.]), array([3.])]
    """
    x = like(x)
    if isinstance(sections, (list, tuple, np.ndarray)):
        return shape.split(x, sections, axis)
    parts = operator.index(sections)
    if parts < 1:
        raise ValueRangeError("parts are counted from 1", came=f"{parts}")
    each, more = divmod(x.shape[one_axis(axis, len(x.shape))], parts)
    return shape.split(x, [i * each + min(i, more) for i in range(1, parts)], axis)


def hsplit(x: Any, sections: Any) -> list[Any]:
    """x in parts along the second axis (the only one of a vector).

    Args:
        sections: how many parts, or where to cut.

    >>> hsplit([1.0, 2.0, 3.0, 4.0], 2)
    [array([1., 2.]), array([3., 4.])]
    """
    x = like(x)
    return shape.split(x, sections, axis=0 if len(x.shape) == 1 else 1)


def vsplit(x: Any, sections: Any) -> list[Any]:
    """x in parts along the first axis.

    Args:
        sections: how many parts, or where to cut.

    >>> vsplit([[1.0], [2.0]], 2)
    [array([[1.]]), array([[2.]])]
    """
    return shape.split(x, sections, axis=0)


def dsplit(x: Any, sections: Any) -> list[Any]:
    """x in parts along the third axis.

    Args:
        sections: how many parts, or where to cut.

    >>> [x.shape for x in dsplit(np.ones((1, 2, 4)), 2)]
    [(1, 2, 2), (1, 2, 2)]
    """
    return shape.split(x, sections, axis=2)


def column_stack(xs: Sequence[Any]) -> Any:
    """Vectors as columns, matrices side by side.

    >>> column_stack([[1.0, 2.0], [3.0, 4.0]])
    array([[1., 3.],
           [2., 4.]])
    """
    columns = [shape.reshape(x, shape=(-1, 1)) if len(x.shape) < 2 else x for x in map(like, xs)]
    return shape.concatenate(*columns, axis=1)


def dstack(xs: Sequence[Any]) -> Any:
    """Arrays one behind the other, along the third axis.

    >>> dstack([[1.0, 2.0], [3.0, 4.0]])
    array([[[1., 3.],
            [2., 4.]]])
    """
    return shape.concatenate(*[_at_least(x, 3) for x in xs], axis=2)


def append(x: Any, values: Any, axis: Any = None) -> Any:
    """The values after x along `axis` (None: both flattened).

    >>> append([1.0, 2.0], [3.0])
    array([1., 2., 3.])
    """
    if axis is None:
        return shape.concatenate(shape.ravel(like(x)), shape.ravel(like(values)))
    return shape.concatenate(like(x), like(values), axis=axis)


def select(conditions: Sequence[Any], choices: Sequence[Any], default: Any = 0) -> Any:
    """Where the first condition holds the first choice, and so on; else the default.

    Args:
        conditions: arrays of truth values; the first that is true counts.
        choices: the values, one array for each condition.

    Raises:
        ShapeError: where conditions and choices are not equally many.

    >>> select([[True, False]], [[1.0, 2.0]], default=9.0)
    array([1., 9.])
    """
    if len(conditions) != len(choices) or not conditions:
        raise ShapeError("one choice for each condition",
                         came=f"{len(conditions)}, {len(choices)}")  # fmt: skip
    found = default
    for condition, choice in zip(reversed(conditions), reversed(choices)):
        found = compare.where(like(condition), choice, found)
    return found


def rot90(x: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Any:
    """x turned k times by 90° from the first of `axes` towards the second.

    >>> rot90([[1.0, 2.0], [3.0, 4.0]])
    array([[2., 4.],
           [1., 3.]])
    """
    x = like(x)
    a, b = axes
    match k % 4:
        case 0:
            return arithmetic.identity(x)
        case 2:
            return shape.flip(x, axis=(a, b))
        case 1:
            return shape.swapaxes(shape.flip(x, axis=b), a, b)
    return shape.flip(shape.swapaxes(x, a, b), axis=b)


def flipud(x: Any) -> Any:
    """x upside down: the first axis turned round.

    >>> flipud([[1.0], [2.0]])
    array([[2.],
           [1.]])
    """
    return shape.flip(like(x), axis=0)


def fliplr(x: Any) -> Any:
    """x with left and right exchanged: the second axis turned round.

    >>> fliplr([[1.0, 2.0]])
    array([[2., 1.]])
    """
    return shape.flip(like(x), axis=1)


def meshgrid(
    *xs: Any, indexing: str = "xy", sparse: bool = False, copy: bool = True
) -> list[Any]:
    """The coordinates of a grid over vectors: one array for each; "xy" or "ij".

    Args:
        indexing: "xy" as in a picture, or "ij" as in a matrix.
        sparse: each along its own axis alone, with size 1 along the others.
        copy: without effect.

    Raises:
        ValueRangeError: for another `indexing`.

    >>> meshgrid([1.0, 2.0], [3.0])
    [array([[1., 2.]]), array([[3., 3.]])]
    """
    if indexing not in ("xy", "ij"):
        raise ValueRangeError("an unknown order of axes", asked='"xy", "ij"', came=repr(indexing))
    vectors = [shape.ravel(like(x)) for x in xs]
    count = len(vectors)
    places = [1, 0, *range(2, count)] if indexing == "xy" and count > 1 else list(range(count))
    sizes = [0] * count
    for x, place in zip(vectors, places):
        sizes[place] = x.shape[0]
    apart = [
        shape.reshape(x, shape=tuple(-1 if i == place else 1 for i in range(count)))
        for x, place in zip(vectors, places)
    ]
    return apart if sparse else [shape.broadcast_to(x, shape=tuple(sizes)) for x in apart]


# --------------------------------------------------------------- products, differences, powers


def cross(
    a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Any:
    """The cross product of vectors of three, along `axisa` and `axisb`, into `axisc`, or all
    along `axis`.

    Raises:
        ShapeError: where the vectors do not have three elements.

    >>> cross([1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
    array([0., 0., 1.])
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = like(a), like(b)
    a = shape.moveaxis(a, one_axis(axisa, len(a.shape)), -1)
    b = shape.moveaxis(b, one_axis(axisb, len(b.shape)), -1)
    at, bt = len(a.shape) - 1, len(b.shape) - 1
    if a.shape[at] != 3 or b.shape[bt] != 3:
        raise ShapeError("a cross product takes vectors of three", asked="axes of size 3",
                         came=f"{a.shape}, {b.shape}")  # fmt: skip
    turn, back = np.array([1, 2, 0]), np.array([2, 0, 1])

    def taken(x: Any, order: Any, at: int) -> Any:
        return indexing.take(x, order, axis=at)

    found = taken(a, turn, at) * taken(b, back, bt) - taken(a, back, at) * taken(b, turn, bt)
    return shape.moveaxis(found, -1, axisc)


def vdot(a: Any, b: Any) -> Any:
    """The sum of the products of all elements.

    >>> vdot([1.0, 2.0], [3.0, 4.0])
    np.float64(11.0)
    """
    return linalg.dot(shape.ravel(like(a)), shape.ravel(like(b)))


def ediff1d(x: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    """The differences of neighbours of the flattened x.

    Args:
        to_end: what comes behind them.
        to_begin: what comes before them.

    >>> ediff1d([1.0, 4.0, 9.0])
    array([3., 5.])
    """
    parts = (to_begin, scan_sort.diff(shape.ravel(like(x))), to_end)
    found = [shape.ravel(like(part)) for part in parts if part is not None]
    return found[0] if len(found) == 1 else shape.concatenate(*found)


def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    """The powers of a vector as columns, falling unless `increasing`.

    Args:
        N: how many columns; as many as elements when not given.

    >>> vander([1.0, 2.0], 3)
    array([[1., 1., 1.],
           [4., 2., 1.]])
    """
    x = like(x)
    count = x.shape[0] if N is None else N
    powers = range(count) if increasing else range(count - 1, -1, -1)
    return shape.stack(*[_raised(x, n) for n in powers], axis=1)


def _raised(x: Any, n: int) -> Any:
    """x to a whole power, x itself and ones among them."""
    return arithmetic.power_scalar(x, exponent=n) if n else x * 0 + 1


def heaviside(x: Any, at_zero: Any) -> Any:
    """0 below 0, 1 above, `at_zero` at 0; only `at_zero` has a derivative.

    >>> heaviside([-1.0, 0.0, 2.0], 0.5)
    array([0. , 0.5, 1. ])
    """
    x = like(x)
    steps = floating_point.step(x, at_zero=0.5)
    return compare.where(compare.equal(x, 0), at_zero, steps)


def isposinf(x: Any) -> Any:
    """Is x +∞?

    >>> isposinf([np.inf, 1.0])
    array([ True, False])
    """
    return compare.equal(like(x), math.inf)


def isneginf(x: Any) -> Any:
    """Is x −∞?

    >>> isneginf([-np.inf, 1.0])
    array([ True, False])
    """
    return compare.equal(like(x), -math.inf)


NUMPY_FUNCTIONS.update({
    function.__name__: function
    for function in (
        append, array_split, atleast_1d, atleast_2d, atleast_3d, average, column_stack, convolve,
        corrcoef, correlate, cov, cross, digitize, dsplit, dstack, ediff1d, fliplr, flipud,
        gradient, heaviside, hsplit, interp, isin, isneginf, isposinf, meshgrid, nan_to_num,
        nanmax, nanmean, nanmin, nanprod, nanstd, nansum, nanvar, partition, percentile, ptp,
        rot90, searchsorted, select, trapezoid, unwrap, vander, vdot, vsplit,
    )
})  # fmt: skip
