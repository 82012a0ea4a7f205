"""Lanes to and from memory: loads, stores and gathers through the strides of a view."""

from __future__ import annotations

from seegrad.compiler.codegen.functions import half
from seegrad.compiler.codegen.llvm_builder import Function
from seegrad.compiler.codegen.llvm_types import Value, lanes_of, vector
from seegrad.compiler.ir import scalar_types
from seegrad.compiler.ir.buffer import View
from seegrad.compiler.target import host
from seegrad.graph.spec import DType


def place_name(view: View) -> str:
    """The parameter that points to where the view begins."""
    return f"b{view.buffer.number}_{view.offset}"


def index_at(f: Function, rows: View, pointer: Value, i: Value) -> Value:
    """The row number that `rows` holds at i."""
    size = rows.dtype.itemsize
    kind = scalar_types.memory_type(rows.dtype)
    number = f.load(f.at(pointer, f.times(i, rows.strides[0] * size)), kind, size)
    return row_numbers(f, rows, number)


def row_numbers(f: Function, rows: View, held: Value) -> Value:
    """What an index holds, as row numbers: wide, and counted from the beginning."""
    wide = vector("i64", lanes_of(held.type))
    numbers = f.cast("sext" if rows.dtype.kind == "i" else "zext", held, wide)
    if not rows.wraps:
        return numbers
    below = f.compare("slt", numbers, f.constant(wide, 0))
    return f.select(below, f.binary("add", numbers, f.constant(wide, rows.wraps)), numbers)


def load_lanes(
    f: Function, view: View, pointer: Value, stride: int, lanes: int, count: int,
    fill: float = 0,
) -> Value:  # fmt: skip
    """`count` elements `stride` apart as lanes of the view's computing type; `fill` in the rest."""
    size, kind = view.dtype.itemsize, scalar_types.memory_type(view.dtype)
    if stride == 0 or lanes == 1:
        x = f.splat(f.load(pointer, kind, size), lanes)
    elif stride == 1:
        x = f.load_some(pointer, vector(kind, lanes), size, count, fill)
    elif stride == 2 and host().bytes == 64:             # what lies between is read and left
        span = 2 * count - 1
        low = f.load_some(pointer, vector(kind, lanes), size, min(span, lanes), fill)
        high = low
        if span > lanes:
            behind = f.at(pointer, lanes * size)
            high = f.load_some(behind, vector(kind, lanes), size, span - lanes, fill)
        x = f.shuffle(low, high, range(0, 2 * lanes, 2))
    else:
        x = gather(f, pointer, byte_offsets(f, stride * size, lanes), kind, size, count, fill=fill)
    return from_memory(f, x, view.dtype)


def from_memory(f: Function, x: Value, dtype: DType) -> Value:
    """What memory holds of the dtype as lanes to compute with."""
    if dtype.kind == "b":
        return f.compare("ne", x, f.constant(x.type, 0))
    return half.widened(f, x) if dtype == scalar_types.HALF else x


def store_lanes(
    f: Function, x: Value, view: View, pointer: Value, stride: int, count: int, stream: bool
) -> None:
    """The lanes of x to `count` elements `stride` apart."""
    size, lanes = view.dtype.itemsize, lanes_of(x.type)
    if view.dtype.kind == "b":
        x = f.cast("zext", x, vector("i8", lanes))
    elif view.dtype == scalar_types.HALF:
        x = half.narrowed(f, x)
    if lanes == 1:
        f.store(x, pointer, size)
    elif stride == 1:
        if stream and count == lanes and lanes * size == host().bytes:
            f.store(x, pointer, host().bytes, stream=True)
        else:
            f.store_some(x, pointer, size, count)
    elif stride == 0:
        f.store(f.extract(x, 0), pointer, size)
    elif stride == 2 and host().bytes == 64:
        for part in range(2):
            chosen = [part * lanes // 2 + i // 2 for i in range(lanes)]
            wanted = [i % 2 == 0 and k < count for i, k in enumerate(chosen)]
            if any(wanted):
                place = f.at(pointer, part * lanes * size)
                f.store_where(f.truths(wanted), f.shuffle(x, x, chosen), place, size)
    else:
        for lane in range(count):
            f.store(f.extract(x, lane), f.at(pointer, lane * stride * size), size)


def byte_offsets(f: Function, step: int, lanes: int) -> Value:
    items = ", ".join(f"i64 {i * step}" for i in range(lanes))
    return Value(f"<{items}>", vector("i64", lanes))


def gather(
    f: Function, pointer: Value, offsets: Value, kind: str, align: int, count: int,
    mask: Value | None = None, fill: float = 0,
) -> Value:  # fmt: skip
    """Elements at byte offsets from a pointer; lanes from `count` on, or outside of the mask,
    hold `fill`, unread."""
    lanes = lanes_of(offsets.type)
    if kind in ("float", "double", "i32", "i64"):
        places = f.emit(
            f"getelementptr i8, ptr {pointer.name}, {offsets.type} {offsets.name}",
            vector("ptr", lanes),
        )
        result, mask = vector(kind, lanes), mask or f.first(count, lanes)
        short = {"float": "f32", "double": "f64"}.get(kind, kind)
        name = f"llvm.masked.gather.v{lanes}{short}.v{lanes}p0"
        rest = f.constant(result, fill)
        f.module.declare(name, result, [places.type, "i32", mask.type, result])
        text = (
            f"call {result} @{name}({places.type} {places.name}, i32 {align}, "
            f"{mask.type} {mask.name}, {result} {rest.name})"
        )
        return f.emit(text, result)
    x = f.constant(vector(kind, lanes), fill)
    for lane in range(count):
        place = f.at(pointer, f.extract(offsets, lane))
        one = (
            f.load(place, kind, align) if mask is None
            else f.load_where(f.extract(mask, lane), place, kind, align, 0)
        )  # fmt: skip
        x = f.insert(x, one, lane)
    return x
