"""Elementary functions as assembly on vectors of any width, float32 and float64, within 2 ulp.

The polynomials are Chebyshev fits made for the stated intervals with 60-digit arithmetic.
float32 has its own exp, expm1, log, tanh and erf; the rarer functions pass through float64.
Zeros keep their sign, NaN stays NaN, infinities and subnormal numbers come out as in NumPy.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from seegrad.compiler.codegen.llvm_builder import Function
from seegrad.compiler.codegen.llvm_types import (
    Value,
    bits_of,
    lanes_of,
    like,
    overload_suffix,
    scalar_of,
)
from seegrad.compiler.target import host

# (exp(r) - 1 - r) / r² for |r| ≤ ln 2 / 2
_EXP64 = (
    2.5100424157005067e-08, 2.7620138719733994e-07, 2.7557268378684192e-06,
    2.480152119021773e-05, 0.00019841269863105968, 0.0013888888917281794, 0.008333333333330051,
    0.04166666666662399, 0.16666666666666669, 0.5,
)
_EXP32 = (
    0.0013926213466332444, 0.008363202971575855, 0.04166655443768594, 0.16666576845993977, 0.5,
)
# (log((1 + s) / (1 - s)) / s - 2) / s² over s², for the mantissa within √½ … √2
_LOG64 = (
    0.13114976096717038, 0.1326603503726105, 0.15386342974308154, 0.18181793722272505,
    0.2222222240984404, 0.2857142857072283, 0.4000000000000101, 0.6666666666666666,
)
# (log(1 + f) - f + f²/2) / f³ over f, for the mantissa within √½ … √2
_LOG32 = (
    0.06971611471451178, -0.11479733846637635, 0.1168541992348674, -0.12425687331451106,
    0.1424905764569748, -0.16667802319501254, 0.200007157488921, -0.24999996957950882,
    0.33333331180030046,
)
# (exp(r) - 1 - r - r²/2) / r³ for |r| ≤ ln 2 / 2
_EXPM64 = (
    2.0912623607237246e-09, 2.5102327723609146e-08, 2.7557279995020364e-07,
    2.7557264294679126e-06, 2.480158731909756e-05, 0.00019841269865788537,
    0.0013888888888886153, 0.008333333333329503, 0.041666666666666664, 0.16666666666666669,
)
_EXPM32 = (
    0.00019884365321662552, 0.0013927684616575004, 0.008333319865853917, 0.04166654542109553,
    0.16666666666666666,
)
# (sin(√z) / √z - 1) / z and (cos(√z) - 1 + z/2) / z² for √z ≤ π/4
_SIN = (
    -7.586576588171073e-13, 1.6058529572267877e-10, -2.5052106219521895e-08,
    2.755731921930192e-06, -0.00019841269841265017, 0.008333333333333331, -0.16666666666666666,
)
_COS = (
    -1.1382456778061306e-11, 2.0876143827993133e-09, -2.7557317260008837e-07,
    2.480158729874307e-05, -0.0013888888888887382, 0.041666666666666664,
)
# (arctan(√z) / √z - 1) / z for √z ≤ 0.42
_ARCTAN = (
    0.015902155159773702, -0.03421956810707781, 0.04537753087623414, -0.05227377208228963,
    0.058785052622537054, -0.06666387505732325, 0.07692294263937235, -0.09090908679431747,
    0.11111111103645366, -0.14285714285644108, 0.1999999999999974, -0.3333333333333333,
)
# (arcsin(√z) / √z - 1) / z for z ≤ 1/4
_ARCSIN = (
    0.02963502626354855, -0.019277545928584557, 0.019579201619744684, 0.0030350071727267623,
    0.009322101501082774, 0.00962140274734483, 0.011566511821890942, 0.013963775787848137,
    0.017352816768546473, 0.022372157435623815, 0.030381944475693704, 0.04464285714255019,
    0.07500000000000119, 0.16666666666666666,
)
# erf(√z) / √z for z ≤ 1, and exp(x²) erfc(x) over (x - 3) / (x + 3) for 1 ≤ x ≤ 6
_ERF = (
    -7.795898827002142e-10, 1.3720064546777686e-08, -1.6208483801871705e-07,
    1.6447424703317362e-06, -1.492473690741966e-05, 0.00012055294904839707,
    -0.0008548325975389692, 0.0052239776071164225, -0.02686617064323777, 0.11283791670945006,
    -0.37612638903183543, 1.1283791670955126,
)
_ERFC = (
    1.2801900862962662e-06, 2.023603179641757e-06, -8.008021319412685e-06,
    -1.284889451252353e-05, 6.406182073530546e-05, 4.525472635483354e-05,
    -0.0005970623517093284, 0.0007077464443901538, 0.004269136347508256, -0.024392499318273194,
    0.07166583719774874, -0.15011593650078744, 0.24560380171233195, -0.32623356004303716,
    0.17900115118138996,
)
# erf(√z) / √z - 1 for z ≤ 1, -log₂ erfc(x) for 1 ≤ x ≤ 4, and 2**-r for |r| ≤ ½
_ERF32 = (
    7.853857823647559e-05, -0.0008010192541405559, 0.005188327748328447, -0.026853810995817184,
    0.1128358542919159, -0.3761262595653534, 0.12837916612625122,
)
_ERFC32 = (
    -0.0002688896202016622, 0.004252584185451269, -0.03150571510195732, 0.14875170588493347,
    0.9206482768058777, 1.626046061515808, 0.0004926985129714012,
)
_POWER32 = (
    -0.0013276466634124517, 0.009675540961325169, -0.05550713464617729, 0.24022120237350464,
    -0.6931469440460205, 1.0000001192092896,
)
# (tanh(√z) / √z - 1) / z for √z ≤ 0.55
_TANH64 = (
    -2.0598556673275166e-05, 8.510707927354112e-05, -0.00023463104528300406,
    0.0005889348072447028, -0.0014556615775702365, 0.003592110347096177, -0.008863234395418095,
    0.021869488493563037, -0.05396825396743174, 0.13333333333332714, -0.3333333333333333,
)
_TANH32 = (
    -0.006609614012884623, 0.02130906232857862, -0.053909375641847945, 0.13333113458732415,
    -0.33333332005908134,
)
_LN2_HIGH = {32: 0.693145751953125, 64: 0.6931471805598903}
_LN2_LOW = {32: 1.4286068203094173e-06, 64: 5.497923018708371e-14}
_HALF_PI = (1.5707963267948966, 6.123233995736766e-17)
_QUARTER_PI = (0.7853981633974483, 3.061616997868383e-17)
_PI = (3.141592653589793, 1.2246467991473532e-16)
_MANTISSA = {32: 23, 64: 52}
_BIAS = {32: 127, 64: 1023}
_WHOLE = {bits: 1.5 * 2.0**digits for bits, digits in _MANTISSA.items()}
"""So large that what is added to it is rounded to a whole number."""


class _Lanes:
    """Arithmetic on values of one type, with numbers written plainly."""

    def __init__(self, f: Function, kind: str) -> None:
        self.f, self.kind, self.bits = f, kind, bits_of(kind)
        self.integers = like(kind, f"i{self.bits}")

    def c(self, x: float) -> Value:
        return self.f.constant(self.kind, x)

    def i(self, x: int) -> Value:
        return self.f.constant(self.integers, x)

    def _of(self, x: Value | float) -> Value:
        return x if isinstance(x, Value) else self.c(x)

    def add(self, a: Value | float, b: Value | float) -> Value:
        return self.f.binary("fadd", self._of(a), self._of(b))

    def sub(self, a: Value | float, b: Value | float) -> Value:
        return self.f.binary("fsub", self._of(a), self._of(b))

    def mul(self, a: Value | float, b: Value | float) -> Value:
        return self.f.binary("fmul", self._of(a), self._of(b))

    def div(self, a: Value | float, b: Value | float) -> Value:
        return self.f.binary("fdiv", self._of(a), self._of(b))

    def fma(self, a: Value | float, b: Value | float, c: Value | float) -> Value:
        return self.f.fma(self._of(a), self._of(b), self._of(c))

    def where(self, condition: Value, a: Value | float, b: Value | float) -> Value:
        return self.f.select(condition, self._of(a), self._of(b))

    def compare(self, relation: str, a: Value, b: Value | float) -> Value:
        return self.f.compare(relation, a, self._of(b))

    def both(self, a: Value, b: Value) -> Value:
        return self.f.binary("and", a, b)

    def abs(self, a: Value) -> Value:
        return self.f.intrinsic("fabs", a)

    def sign_of(self, magnitude: Value, sign: Value) -> Value:
        return self.f.intrinsic("copysign", magnitude, sign)

    def sqrt(self, a: Value) -> Value:
        return self.f.intrinsic("sqrt", a)

    def clip(self, x: Value, low: float, high: float) -> Value:
        """Within low … high; NaN stays NaN."""
        x = self.where(self.compare("olt", x, low), low, x)
        return self.where(self.compare("ogt", x, high), high, x)

    def polynomial(self, x: Value, coefficients: Sequence[float]) -> Value:
        """Highest power first."""
        total = self.c(coefficients[0])
        for c in coefficients[1:]:
            total = self.fma(total, x, c)
        return total

    def as_integers(self, x: Value) -> Value:
        return self.f.cast("bitcast", x, self.integers)

    def as_floats(self, x: Value) -> Value:
        return self.f.cast("bitcast", x, self.kind)

    def nearest(self, x: Value, factor: float) -> Value:
        """The whole number nearest to factor · x, if that is small; NaN gives NaN."""
        magic = _WHOLE[self.bits]
        return self.sub(self.fma(x, factor, magic), magic)

    def integer(self, whole: Value) -> Value:
        """A small whole number as an integer."""
        shifted = self.add(whole, _WHOLE[self.bits])
        return self.f.binary("sub", self.as_integers(shifted),
                             self.as_integers(self.c(_WHOLE[self.bits])))

    def power_of_two(self, n: Value) -> Value:
        """2ⁿ for integers n within the range of normal numbers."""
        biased = self.f.binary("add", n, self.i(_BIAS[self.bits]))
        return self.as_floats(self.f.binary("shl", biased, self.i(_MANTISSA[self.bits])))

    def scaled(self, x: Value, whole: Value) -> Value:
        """x · 2ⁿ for a whole number n, rounded once, for an x of about one."""
        if host().bytes == 64 and lanes_of(self.kind) * self.bits == 512:
            return self.f.scaled(x, whole)               # by an instruction of AVX-512
        # Beyond the exponents there are, 2ⁿ itself is no number, but its root is.
        n = self.integer(whole)
        half = self.f.binary("ashr", n, self.i(1))
        rest = self.f.binary("sub", n, half)
        return self.mul(self.mul(x, self.power_of_two(half)), self.power_of_two(rest))

    def reduced(self, x: Value) -> tuple[Value, Value, Value]:
        """n and r with x = n ln 2 + r; r before its last correction, and r."""
        whole = self.nearest(x, 1 / math.log(2))
        r = self.fma(whole, -_LN2_HIGH[self.bits], x)
        return whole, r, self.fma(whole, -_LN2_LOW[self.bits], r)


def _exp_times(v: _Lanes, x: Value, shift: int) -> Value:
    """exp(x) · 2**shift, without overflow on the way."""
    low, high = (-106.0, 91.0) if v.bits == 32 else (-747.0, 712.0)
    whole, _, r = v.reduced(v.clip(x, low, high))
    p = v.polynomial(r, (*(_EXP32 if v.bits == 32 else _EXP64), 1.0, 1.0))
    return v.scaled(p, v.add(whole, float(shift)) if shift else whole)


def _exp(v: _Lanes, x: Value) -> Value:
    return _exp_times(v, x, 0)


def _expm1(v: _Lanes, x: Value) -> Value:
    low, high = (-20.0, 91.0) if v.bits == 32 else (-40.0, 712.0)
    clipped = v.clip(x, low, high)
    whole, high_part, r = v.reduced(clipped)
    # What rounding took away from r.
    lost = v.fma(whole, -_LN2_LOW[v.bits], v.sub(high_part, r))
    h = v.polynomial(r, _EXPM32 if v.bits == 32 else _EXPM64)
    square = v.mul(r, r)
    p = v.add(r, v.fma(v.mul(square, h), r, v.fma(square, 0.5, lost)))
    # 2ⁿ(p + 1) - 1, where 2ⁿ - 1 is exact for the exponents that matter
    scale = v.scaled(v.c(1.0), whole)
    small = v.fma(scale, p, v.sub(scale, 1.0))
    large = v.scaled(v.add(p, 1.0), whole)
    y = v.where(v.compare("ogt", clipped, 40.0), large, small)
    return v.where(v.compare("oeq", x, 0.0), x, y)


def _split(v: _Lanes, x: Value) -> tuple[Value, Value]:
    """Exponent (as a float) and mantissa within √½ … √2 of a positive, finite x."""
    mantissa = _MANTISSA[v.bits]
    tiny = v.compare("olt", x, 2.0 ** (2 - _BIAS[v.bits]))
    x = v.where(tiny, v.mul(x, 2.0**mantissa), x)
    bits = v.as_integers(x)
    start = v.as_integers(v.c(math.sqrt(0.5)))
    exponent = v.f.binary("ashr", v.f.binary("sub", bits, start), v.i(mantissa))
    m = v.as_floats(v.f.binary("sub", bits, v.f.binary("shl", exponent, v.i(mantissa))))
    e = v.f.cast("sitofp", exponent, v.kind)
    return v.where(tiny, v.sub(e, float(mantissa)), e), m


def _log_of(v: _Lanes, e: Value, f: Value, correction: Value | None = None) -> Value:
    """e ln 2 + log(1 + f) + correction"""
    low = v.mul(e, _LN2_LOW[v.bits])
    if correction is not None:
        low = v.add(low, correction)
    half = v.mul(v.mul(f, f), 0.5)
    if v.bits == 32:
        r = v.mul(v.mul(v.mul(f, f), f), v.polynomial(f, _LOG32))
        tail = v.add(v.sub(r, half), low)
        return v.fma(e, _LN2_HIGH[32], v.add(f, tail))
    s = v.div(f, v.add(f, 2.0))
    z = v.mul(s, s)
    r = v.mul(z, v.polynomial(z, _LOG64))
    tail = v.fma(s, v.add(half, r), low)
    return v.fma(e, _LN2_HIGH[64], v.sub(f, v.sub(half, tail)))


def _log(v: _Lanes, x: Value) -> Value:
    e, m = _split(v, x)
    y = _log_of(v, e, v.sub(m, 1.0))
    y = v.where(v.compare("oeq", x, math.inf), x, y)
    y = v.where(v.compare("oeq", x, 0.0), -math.inf, y)
    return v.where(v.compare("uge", x, 0.0), v.where(v.compare("uno", x, x), x, y), math.nan)


def _log1p(v: _Lanes, x: Value) -> Value:
    u = v.add(x, 1.0)
    back = v.sub(u, 1.0)
    lost = v.add(v.sub(1.0, v.sub(u, back)), v.sub(x, back))
    e, m = _split(v, u)
    y = _log_of(v, e, v.sub(m, 1.0), v.div(lost, u))
    y = v.where(v.compare("oeq", x, math.inf), x, y)
    y = v.where(v.compare("oeq", x, -1.0), -math.inf, y)
    # Below half of an ulp of one, log(1 + x) is x itself.
    small = v.compare("olt", v.abs(x), 2.0 ** -(_MANTISSA[v.bits] + 2))
    y = v.where(small, x, y)
    return v.where(v.compare("uge", x, -1.0), v.where(v.compare("uno", x, x), x, y), math.nan)


def _tanh(v: _Lanes, x: Value) -> Value:
    a = v.abs(x)
    z = v.mul(x, x)
    p = v.polynomial(z, _TANH32 if v.bits == 32 else _TANH64)
    near = v.fma(v.mul(x, z), p, x)
    e = _exp(v, v.mul(a, 2.0))
    away = v.sign_of(v.sub(1.0, v.div(2.0, v.add(e, 1.0))), x)
    return v.where(v.compare("ogt", a, 0.55), away, v.where(v.compare("oeq", z, 0.0), x, near))


def _sinh(v: _Lanes, x: Value) -> Value:
    a = v.abs(x)
    t = _expm1(v, v.where(v.compare("ogt", a, 30.0), 30.0, a))
    small = v.mul(v.add(t, v.div(t, v.add(t, 1.0))), 0.5)
    large = _exp_times(v, a, -1)
    y = v.where(v.compare("ogt", a, 22.0), large, small)
    return v.where(v.compare("oeq", x, 0.0), x, v.sign_of(y, x))


def _cosh(v: _Lanes, x: Value) -> Value:
    half = _exp_times(v, v.abs(x), -1)
    return v.add(half, v.div(0.25, half))


def _per_lane(v: _Lanes, name: str, values: Sequence[Value]) -> Value:
    """The function of the system's own library, lane after lane."""
    f, lanes = v.f, lanes_of(v.kind)
    scalar = scalar_of(v.kind)
    if lanes == 1:
        return f.call(name, scalar, *values)
    slots = [f.stack(v.kind, 1) for _ in range(len(values) + 1)]
    for slot, value in zip(slots, values):
        f.store(value, slot, 64)
    size = v.bits // 8

    def one(i: Value) -> None:
        offset = f.times(i, size)
        given = [f.load(f.at(slot, offset), scalar, size) for slot in slots[:-1]]
        f.store(f.call(name, scalar, *given), f.at(slots[-1], offset), size)

    f.loop(0, lanes, 1, one)
    return f.load(slots[-1], v.kind, 64)


def _any(v: _Lanes, mask: Value) -> Value:
    lanes = lanes_of(mask.type)
    if lanes == 1:
        return mask
    return v.f.call(f"llvm.vector.reduce.or.v{lanes}i1", "i1", mask)


def _quadrant(v: _Lanes, x: Value) -> tuple[Value, Value]:
    """r within ±π/4 and the integer n with x = n π/2 + r, for |x| below 10⁵."""
    whole = v.nearest(x, 2 / math.pi)
    r = v.fma(whole, -_HALF_PI[0], x)
    return v.fma(whole, -_HALF_PI[1], r), v.integer(whole)


def _sine_and_cosine(v: _Lanes, r: Value) -> tuple[Value, Value]:
    z = v.mul(r, r)
    sine = v.fma(v.mul(r, z), v.polynomial(z, _SIN), r)
    cosine = v.add(v.fma(v.mul(z, z), v.polynomial(z, _COS), v.mul(z, -0.5)), 1.0)
    return sine, cosine


def _periodic(name: str, turn: int) -> Callable[[_Lanes, Value], Value]:
    def emit(v: _Lanes, x: Value) -> Value:
        r, n = _quadrant(v, x)
        sine, cosine = _sine_and_cosine(v, r)
        n = v.f.binary("add", n, v.i(turn)) if turn else n
        odd = v.f.compare("ne", v.f.binary("and", n, v.i(1)), v.i(0))
        flip = v.f.compare("ne", v.f.binary("and", n, v.i(2)), v.i(0))
        y = v.where(odd, cosine, sine)
        y = v.where(flip, v.f.fneg(y), y)
        if not turn:
            y = v.where(v.compare("oeq", x, 0.0), x, y)
        return _far(v, name, x, y)

    return emit


def _far(v: _Lanes, name: str, x: Value, y: Value) -> Value:
    """y, but by the system's library where any |x| is too large to be reduced here."""
    far = _any(v, v.compare("ogt", v.abs(x), 1e5))
    return v.f.guarded(far, lambda: [_per_lane(v, name, [x])], [y])[0]


def _arctan_of(v: _Lanes, a: Value) -> Value:
    """The arc tangent of 0 ≤ a ≤ 1."""
    high = v.compare("ogt", a, math.tan(math.pi / 8))
    t = v.where(high, v.div(v.sub(a, 1.0), v.add(a, 1.0)), a)
    z = v.mul(t, t)
    y = v.fma(v.mul(t, z), v.polynomial(z, _ARCTAN), t)
    shifted = v.add(v.add(y, _QUARTER_PI[1]), _QUARTER_PI[0])
    return v.where(high, shifted, y)


def _arctan(v: _Lanes, x: Value) -> Value:
    a = v.abs(x)
    beyond = v.compare("ogt", a, 1.0)
    y = _arctan_of(v, v.where(beyond, v.div(1.0, a), a))
    y = v.where(beyond, v.add(v.sub(_HALF_PI[1], y), _HALF_PI[0]), y)
    return v.sign_of(y, x)


def _arctan2(v: _Lanes, y: Value, x: Value) -> Value:
    a, b = v.abs(x), v.abs(y)
    steep = v.compare("ogt", b, a)
    small, large = v.where(steep, a, b), v.where(steep, b, a)
    same = v.compare("oeq", small, large)
    q = v.where(same, 1.0, v.div(small, large))
    q = v.where(v.compare("oeq", large, 0.0), 0.0, q)
    t = _arctan_of(v, q)
    t = v.where(steep, v.add(v.sub(_HALF_PI[1], t), _HALF_PI[0]), t)
    negative = v.f.compare("slt", v.as_integers(x), v.i(0))
    t = v.where(negative, v.add(v.sub(_PI[1], t), _PI[0]), t)
    t = v.sign_of(t, y)
    return v.where(v.compare("uno", x, y), v.add(x, y), t)


def _arcsin_parts(v: _Lanes, a: Value) -> tuple[Value, Value, Value, Value]:
    """For 0 ≤ a ≤ 1: whether a > ½, the root s to be doubled, its lost part, z·R(z)."""
    high = v.compare("ogt", a, 0.5)
    z = v.where(high, v.mul(v.sub(1.0, a), 0.5), v.mul(a, a))
    s = v.where(high, v.sqrt(z), a)
    lost = v.div(v.fma(v.f.fneg(s), s, z), v.add(s, s))
    lost = v.where(v.both(high, v.compare("ogt", s, 0.0)), lost, 0.0)
    return high, s, lost, v.mul(z, v.polynomial(z, _ARCSIN))


def _arcsin(v: _Lanes, x: Value) -> Value:
    high, s, lost, r = _arcsin_parts(v, v.abs(x))
    low = v.fma(s, r, s)
    twice = v.mul(v.add(v.fma(s, r, lost), s), 2.0)
    y = v.where(high, v.add(v.sub(_HALF_PI[1], twice), _HALF_PI[0]), low)
    return v.sign_of(y, x)


def _arccos(v: _Lanes, x: Value) -> Value:
    high, s, lost, r = _arcsin_parts(v, v.abs(x))
    signed = v.sign_of(s, x)
    near = v.sub(_HALF_PI[0], v.sub(v.fma(signed, r, signed), _HALF_PI[1]))
    twice = v.mul(v.add(v.fma(s, r, lost), s), 2.0)
    away = v.add(v.sub(_PI[1], twice), _PI[0])
    negative = v.compare("olt", x, 0.0)
    return v.where(high, v.where(negative, away, twice), near)


def _erf(v: _Lanes, x: Value) -> Value:
    if v.bits == 32:
        return _erf32(v, x)
    a = v.abs(x)
    z = v.mul(x, x)
    inner = v.mul(x, v.polynomial(v.where(v.compare("ogt", z, 1.0), 1.0, z), _ERF))
    b = v.where(v.compare("ogt", a, 6.0), 6.0, a)
    b = v.where(v.compare("olt", b, 1.0), 1.0, b)
    u = v.div(v.sub(b, 3.0), v.add(b, 3.0))
    complement = v.mul(_exp(v, v.f.fneg(v.mul(b, b))), v.polynomial(u, _ERFC))
    outer = v.sign_of(v.sub(1.0, complement), x)
    return v.where(v.compare("ogt", a, 1.0), outer, inner)


def _erf32(v: _Lanes, x: Value) -> Value:
    a = v.abs(x)
    b = v.clip(a, 1.0, 4.0)
    inner = v.fma(x, v.polynomial(v.mul(v.clip(a, 0.0, 1.0), a), _ERF32), x)
    power = v.polynomial(b, _ERFC32)
    whole = v.nearest(power, 1.0)
    rest = v.polynomial(v.sub(power, whole), _POWER32)
    outer = v.sign_of(v.sub(1.0, v.scaled(rest, v.f.fneg(whole))), x)
    return v.where(v.compare("ogt", a, 1.0), outer, inner)


def _system(name: str) -> Callable[..., Value]:
    return lambda v, *values: _per_lane(v, name, values)


_OWN: dict[str, Callable[..., Value]] = {
    "exp": _exp, "expm1": _expm1, "log": _log, "log1p": _log1p, "tanh": _tanh,
    "sinh": _sinh, "cosh": _cosh, "sin": _periodic("sin", 0), "cos": _periodic("cos", 1),
    "arctan": _arctan, "arctan2": _arctan2, "arcsin": _arcsin, "arccos": _arccos, "erf": _erf,
    "tan": _system("tan"), "pow": _system("pow"), "fmod": _system("fmod"),
    "exp2": _system("exp2"), "log2": _system("log2"), "log10": _system("log10"),
    "cbrt": _system("cbrt"), "arcsinh": _system("asinh"), "arccosh": _system("acosh"),
    "arctanh": _system("atanh"),
}
_IN_FLOAT32 = {"exp", "expm1", "log", "log1p", "tanh", "erf"}
FUNCTIONS = frozenset(_OWN)


INLINE = 8
"""So often a function is written out within one kernel; from then on it is called, so that the code
stays small. A call costs little beside it."""


def emit(f: Function, name: str, *values: Value) -> Value:
    """The function `name` of floating-point lanes."""
    kind = values[0].type
    shared = f"{name}_{overload_suffix(kind)}"
    f.written_out[shared] = f.written_out.get(shared, 0) + 1
    if f.written_out[shared] <= INLINE:
        return _written_out(f, name, *values)
    if shared not in f.module.shared:
        f.module.shared.add(shared)
        g = Function(f.module, shared, [(kind, f"x{i}") for i in range(len(values))], kind,
                     public=False)
        g.finish(_written_out(g, name, *g.parameters.values()))
    return f.call(shared, kind, *values, declare=False)


def _written_out(f: Function, name: str, *values: Value) -> Value:
    kind = values[0].type
    if bits_of(kind) == 64 or name in _IN_FLOAT32:
        return _OWN[name](_Lanes(f, kind), *values)
    wide = like(kind, "double")
    result = _OWN[name](_Lanes(f, wide), *(f.cast("fpext", x, wide) for x in values))
    return f.cast("fptrunc", result, kind)
