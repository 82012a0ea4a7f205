"""Uniform random numbers: Philox 4×64 of ten rounds (Salmon et al., SC 2011), as NumPy has it.

A counter and a key give four words of 64 bits, whatever the counters before gave: any part of the
numbers is drawn by itself, in any order, with the bits of `numpy.random.Philox`.
"""

from __future__ import annotations

from seegrad.compiler.codegen.llvm_builder import Function
from seegrad.compiler.codegen.llvm_types import Value, scalar_of
from seegrad.compiler.codegen.memory_access import place_name
from seegrad.compiler.ir.kernel import Draw
from seegrad.compiler.ir.scalar_types import scalar_type

ROUNDS = 10
_FACTORS = 0xD2E7470EE14C6C93, 0xCA5A826395121157
_STEPS = 0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B     # from the key of a round to the next one's


def _word(x: int) -> Value:
    return Value(str(x - (x >> 63 << 64)), "i64")


def _product(f: Function, a: Value, factor: int) -> tuple[Value, Value]:
    """Both halves of a · factor, the upper first."""
    if a.name == "0":
        return a, a
    wide = f.binary("mul", f.cast("zext", a, "i128"), Value(str(factor), "i128"))
    upper = f.cast("trunc", f.binary("lshr", wide, Value("64", "i128")), "i64")
    return upper, f.cast("trunc", wide, "i64")


def _block(f: Function, counter: Value, keys: list[tuple[Value, Value]]) -> list[Value]:
    """The four words of a counter."""
    zero = f.integer(0)
    words = [counter, zero, zero, zero]
    for k0, k1 in keys:
        upper0, lower0 = _product(f, words[0], _FACTORS[0])
        upper1, lower1 = _product(f, words[2], _FACTORS[1])
        first = f.binary("xor", f.binary("xor", upper1, words[1]), k0)
        third = f.binary("xor", f.binary("xor", upper0, words[3]), k1)
        words = [first, lower1, third, lower0]
    return words


def _numbers(f: Function, words: list[Value], scalar: str) -> Value:
    """The words as numbers of [0, 1): 24 bits of each half, or 53 of each word."""
    joined = Value("poison", "<4 x i64>")
    for i, word in enumerate(words):
        joined = f.insert(joined, word, i)
    kind, drop, scale = "<4 x double>", 11, 2.0**-53
    if scalar == "float":
        joined, kind, drop, scale = f.cast("bitcast", joined, "<8 x i32>"), "<8 x float>", 8, 2**-24
    width = scalar_of(joined.type)
    kept = f.binary("lshr", joined, Value(f"splat ({width} {drop})", joined.type))
    return f.binary("fmul", f.cast("sitofp", kept, kind), f.constant(kind, scale))


def write_draw(f: Function, kernel: Draw, length: int) -> None:
    """The numbers of `length` counters from the start of the share on (0: of all)."""
    scalar, size = scalar_type(kernel.output.dtype), kernel.output.dtype.itemsize
    out, key = (f.parameters[place_name(v)] for v in (kernel.output, kernel.key))
    step = kernel.key.strides[-1] * 8
    pair = [f.load(f.at(key, i * step), "i64", 8, fixed=True) for i in range(2)]
    keys = []
    for _ in range(ROUNDS):
        keys.append((pair[0], pair[1]))
        pair = [f.binary("add", k, _word(s)) for k, s in zip(pair, _STEPS)]
    start, (blocks,) = f.parameters["start"], kernel.space
    whole = kernel.output.buffer.size // kernel.each      # the last may have less to give

    def block(i: Value, count: int) -> None:
        numbers = _numbers(f, _block(f, f.add(i, 1), keys), scalar)
        f.store_some(numbers, f.at(out, f.times(i, kernel.each * size)), size, count)

    stop = f.least(f.add(start, length or blocks), f.integer(whole))
    f.guarded(f.compare("slt", start, stop),
              lambda: f.loop(start, stop, 1, lambda i: block(i, kernel.each)) and None)
    if whole < blocks:
        last = f.compare("sge", f.add(start, length or blocks), f.integer(blocks))
        f.guarded(last, lambda: block(f.integer(whole), kernel.output.buffer.size % kernel.each))
