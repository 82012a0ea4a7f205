"""float16 on lanes of float: widened from its bits, narrowed to them, and numbers rounded to it.

Rounding is to nearest, ties to even, as IEEE 754 has it and NumPy does. Where the processor has
no instruction for it (x86 without F16C) it is done with whole numbers.
"""

from __future__ import annotations

from seegrad.compiler.codegen.llvm_builder import Function
from seegrad.compiler.codegen.llvm_types import Value, like
from seegrad.compiler.target import host

_INFINITY = 255 << 23
_BEYOND = (127 + 16) << 23
"""The bits of 65,536."""
_NORMAL = (127 - 14) << 23
"""The bits of the least normal number."""
_ALIGNING = ((127 - 15) + (23 - 10) + 1) << 23
"""The bits of what, added to a subnormal number, leaves its bits at the end."""


def widened(f: Function, bits: Value) -> Value:
    """float16, given by its bits, as float."""
    if host().half:
        kind = like(bits.type, "half")
        return f.cast("fpext", f.cast("bitcast", bits, kind), like(bits.type, "float"))
    x = f.cast("zext", bits, like(bits.type, "i32"))
    size = f.binary("and", x, f.constant(x.type, 0x7FFF))
    moved = f.binary("shl", size, f.constant(x.type, 13))
    number = f.cast("bitcast", moved, like(x.type, "float"))
    number = f.binary("fmul", number, f.constant(number.type, 2.0**112))
    finite = f.compare("ult", size, f.constant(x.type, 0x7C00))
    other = f.binary("or", moved, f.constant(x.type, _INFINITY))
    found = f.select(finite, f.cast("bitcast", number, x.type), other)
    sign = f.binary("shl", f.binary("sub", x, size), f.constant(x.type, 16))
    return f.cast("bitcast", f.binary("or", found, sign), number.type)


def narrowed(f: Function, x: Value) -> Value:
    """The bits of float16 nearest to floats."""
    short = like(x.type, "i16")
    if host().half:
        return f.cast("bitcast", f.cast("fptrunc", x, like(x.type, "half")), short)
    kind = like(x.type, "i32")

    def whole(n: int) -> Value:
        return f.constant(kind, n)

    bits = f.cast("bitcast", x, kind)
    size = f.binary("and", bits, whole(0x7FFFFFFF))
    sign = f.binary("lshr", f.binary("xor", bits, size), whole(16))
    large = f.select(f.compare("ugt", size, whole(_INFINITY)), whole(0x7E00), whole(0x7C00))
    tiny = f.binary("fadd", f.cast("bitcast", size, x.type),
                    f.cast("bitcast", whole(_ALIGNING), x.type))
    tiny = f.binary("sub", f.cast("bitcast", tiny, kind), whole(_ALIGNING))
    odd = f.binary("and", f.binary("lshr", size, whole(13)), whole(1))
    usual = f.binary("add", size, whole(((15 - 127) << 23) + 0xFFF))
    usual = f.binary("lshr", f.binary("add", usual, odd), whole(13))
    found = f.select(f.compare("ult", size, whole(_NORMAL)), tiny, usual)
    found = f.select(f.compare("uge", size, whole(_BEYOND)), large, found)
    return f.cast("trunc", f.binary("or", found, sign), short)


def rounded(f: Function, x: Value) -> Value:
    """The numbers of float16 nearest to floats, as floats."""
    return widened(f, narrowed(f, x))


def odd(f: Function, x: Value) -> Value:
    """Doubles as floats, those between two floats as the odd one: rounded once more, to float16,
    they are what the double itself would have been rounded to."""
    y = f.cast("fptrunc", x, like(x.type, "float"))
    back = f.cast("fpext", y, x.type)
    bits = f.cast("bitcast", y, like(x.type, "i32"))
    one = f.constant(bits.type, 1)
    size, given = f.intrinsic("fabs", back), f.intrinsic("fabs", x)
    less = f.binary("sub", bits, one)
    inexact = f.compare("one", size, given)
    even = f.compare("eq", f.binary("and", bits, one), f.constant(bits.type, 0))
    nearer = f.select(f.compare("olt", size, given), f.binary("add", bits, one), less)
    moved = f.select(f.binary("and", inexact, even), nearer, bits)
    return f.cast("bitcast", moved, y.type)
