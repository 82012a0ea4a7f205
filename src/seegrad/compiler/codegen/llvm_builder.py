"""Writing LLVM's assembly: instructions, vectors with masked tails, loops that carry values.

Nothing here knows what is computed (see `loop_nest.py`, `matmul/`) or how it is run (`jit.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from seegrad.compiler.codegen.llvm_types import (
    Value,
    bits_of,
    is_constant,
    is_float,
    lanes_of,
    like,
    number,
    overload_suffix,
    scalar_of,
    vector,
)


class Module:
    """A module of assembly: functions, and the declarations and globals that they need."""

    def __init__(self) -> None:
        self.declared: dict[str, str] = {}
        self.globals: list[str] = []
        self.functions: list[str] = []
        self.shared: set[str] = set()                # functions that several others call

    def declare(self, name: str, result: str, arguments: Sequence[str]) -> None:
        self.declared.setdefault(name, f"declare {result} @{name}({', '.join(arguments)})")

    @property
    def text(self) -> str:
        return "\n".join([*self.declared.values(), *self.globals, "", *self.functions, ""])


class Instructions:
    """Instructions one after the other: numbers, vectors and memory.

    Methods append instructions and hand back their values.
    """

    def __init__(self, module: Module) -> None:
        self.module = module
        self.lines: list[str] = []
        self._count = 0
        self._known: dict[str, Value] = {}           # what this block has computed, by its text
        self._sums: dict[str, tuple[Value, int]] = {}      # name of a sum: what, and a number

    def fresh(self, stem: str = "") -> str:
        self._count += 1
        return f"{stem}{self._count}"

    def emit(self, text: str, kind: str) -> Value:
        self._count += 1
        name = f"%v{self._count}"
        self.lines.append(f"  {name} = {text}")
        return Value(name, kind)

    def once(self, text: str, kind: str) -> Value:
        """What depends on its operands alone: written once in a block."""
        if text not in self._known:
            self._known[text] = self.emit(text, kind)
        return self._known[text]

    def do(self, text: str) -> None:
        self.lines.append("  " + text)

    # ------------------------------------------------------------------ constants and arithmetic

    def constant(self, kind: str, x: float) -> Value:
        scalar = scalar_of(kind)
        text = number(scalar, x)
        return Value(f"splat ({scalar} {text})" if kind[0] == "<" else text, kind)

    def integer(self, x: int) -> Value:
        return Value(str(x), "i64")

    def binary(self, operation: str, a: Value, b: Value) -> Value:
        return self.emit(f"{operation} {a.type} {a.name}, {b.name}", a.type)

    def fneg(self, a: Value) -> Value:
        return self.emit(f"fneg {a.type} {a.name}", a.type)

    def add(self, a: Value, b: Value | int) -> Value:
        """The sum of two integers (addresses and counts)."""
        if isinstance(b, int):
            b = Value(str(b), "i64")
        if b.name == "0":
            return a
        if a.name == "0":
            return b
        if is_constant(a) and is_constant(b):
            return Value(str(int(a.name) + int(b.name)), a.type)
        if not is_constant(b):
            return self.once(f"add nsw {a.type} {a.name}, {b.name}", a.type)
        base, further = self._sums.get(a.name, (a, 0))
        further += int(b.name)
        if not further:
            return base
        found = self.once(f"add nsw {a.type} {base.name}, {further}", a.type)
        self._sums[found.name] = base, further
        return found

    def sub(self, a: Value, b: Value) -> Value:
        """The difference of two integers."""
        if b.name == "0":
            return a
        if is_constant(a) and is_constant(b):
            return Value(str(int(a.name) - int(b.name)), a.type)
        return self.emit(f"sub nsw {a.type} {a.name}, {b.name}", a.type)

    def least(self, a: Value, b: Value) -> Value:
        """The smaller of two integers."""
        if is_constant(a) and is_constant(b):
            return a if int(a.name) < int(b.name) else b
        return self.intrinsic("smin", a, b)

    def times(self, a: Value, factor: int) -> Value:
        """An integer times a number known now."""
        if factor == 1:
            return a
        if factor == 0:
            return Value("0", a.type)
        if is_constant(a):
            return Value(str(int(a.name) * factor), a.type)
        base, further = self._sums.get(a.name, (a, 0))
        return self.add(self.once(f"mul nsw {a.type} {base.name}, {factor}", a.type),
                        further * factor)

    def call(
        self, name: str, kind: str, *arguments: Value, flags: str = "", declare: bool = True
    ) -> Value:
        """`declare` unless the function is of this module."""
        if declare:
            self.module.declare(name, kind, [a.type for a in arguments])
        given = ", ".join(f"{a.type} {a.name}" for a in arguments)
        return self.emit(f"call {flags}{kind} @{name}({given})", kind)

    def call_void(self, name: str, *arguments: Value, declare: bool = True) -> None:
        if declare:
            self.module.declare(name, "void", [a.type for a in arguments])
        given = ", ".join(f"{a.type} {a.name}" for a in arguments)
        self.do(f"call void @{name}({given})")

    def call_address(self, address: Value, *arguments: Value) -> None:
        """Call the function at an address, which gives nothing."""
        given = ", ".join(f"{a.type} {a.name}" for a in arguments)
        self.do(f"call void {address.name}({given})")

    def intrinsic(self, name: str, *arguments: Value) -> Value:
        """An intrinsic of LLVM whose arguments and result all have one type."""
        kind = arguments[0].type
        return self.call(f"llvm.{name}.{overload_suffix(kind)}", kind, *arguments)

    def fma(self, a: Value, b: Value, c: Value) -> Value:
        return self.intrinsic("fma", a, b, c)

    def scaled(self, a: Value, n: Value) -> Value:
        """a · 2ⁿ for whole numbers n, on vectors of 512 bits where the processor has AVX-512."""
        kind, bits, short = a.type, lanes_of(a.type), "ps" if scalar_of(a.type) == "float" else "pd"
        every, as_it_is = Value("-1", f"i{bits}"), Value("4", "i32")
        name = f"llvm.x86.avx512.mask.scalef.{short}.512"
        return self.call(name, kind, a, n, Value("zeroinitializer", kind), every, as_it_is)

    def compare(self, relation: str, a: Value, b: Value) -> Value:
        word = "fcmp" if is_float(a.type) else "icmp"
        return self.emit(f"{word} {relation} {a.type} {a.name}, {b.name}", like(a.type, "i1"))

    def select(self, condition: Value, a: Value, b: Value) -> Value:
        text = f"select {condition.type} {condition.name}, {a.type} {a.name}, {b.type} {b.name}"
        return self.emit(text, a.type)

    def cast(self, operation: str, a: Value, kind: str) -> Value:
        if a.type == kind:
            return a
        return self.emit(f"{operation} {a.type} {a.name} to {kind}", kind)

    # ------------------------------------------------------------------ vectors

    def splat(self, a: Value, lanes: int) -> Value:
        """The scalar `a` in every lane."""
        if lanes == 1:
            return a
        if a.name[0] not in "%":
            return Value(f"splat ({a.type} {a.name})", vector(a.type, lanes))
        kind = vector(a.type, lanes)
        one = self.once(f"insertelement {kind} poison, {a.type} {a.name}, i64 0", kind)
        text = f"shufflevector {kind} {one.name}, {kind} poison, <{lanes} x i32> zeroinitializer"
        return self.once(text, kind)

    def extract(self, a: Value, lane: int | Value) -> Value:
        at = lane if isinstance(lane, Value) else Value(str(lane), "i64")
        kind = scalar_of(a.type)
        return self.emit(f"extractelement {a.type} {a.name}, {at.type} {at.name}", kind)

    def insert(self, a: Value, x: Value, lane: int) -> Value:
        text = f"insertelement {a.type} {a.name}, {x.type} {x.name}, i64 {lane}"
        return self.emit(text, a.type)

    def shuffle(self, a: Value, b: Value, order: Sequence[int]) -> Value:
        kind = vector(scalar_of(a.type), len(order))
        lanes = ", ".join(f"i32 {i}" for i in order)
        text = f"shufflevector {a.type} {a.name}, {b.type} {b.name}, <{len(order)} x i32> <{lanes}>"
        return self.emit(text, kind)

    def iota(self, scalar: str, lanes: int) -> Value:
        """0, 1, 2 … in the lanes."""
        if lanes == 1:
            return Value(number(scalar, 0), scalar)
        items = ", ".join(f"{scalar} {number(scalar, i)}" for i in range(lanes))
        return Value(f"<{items}>", vector(scalar, lanes))

    def first(self, count: int, lanes: int) -> Value:
        """A mask that is true in the first `count` lanes."""
        return self.truths([i < count for i in range(lanes)])

    def truths(self, chosen: Sequence[bool]) -> Value:
        """A mask that is true in the lanes that are chosen."""
        items = ", ".join(f"i1 {'true' if x else 'false'}" for x in chosen)
        return Value(f"<{items}>", vector("i1", len(chosen)))

    # ------------------------------------------------------------------ memory

    def at(self, pointer: Value, offset: Value | int) -> Value:
        """The address `offset` bytes after `pointer`."""
        name = str(offset) if isinstance(offset, int) else offset.name
        if name == "0":
            return pointer
        if not isinstance(offset, int) and name in self._sums:
            base, further = self._sums[name]
            return self.at(self.at(pointer, base), further)
        return self.once(f"getelementptr i8, ptr {pointer.name}, i64 {name}", "ptr")

    def load(self, pointer: Value, kind: str, align: int, fixed: bool = False) -> Value:
        """What is at `pointer`; `fixed`: nobody writes there while the function runs."""
        mark = ", !invariant.load !0" if fixed else ""
        return self.emit(f"load {kind}, ptr {pointer.name}, align {align}{mark}", kind)

    def store(self, a: Value, pointer: Value, align: int, stream: bool = False) -> None:
        mark = ", !nontemporal !1" if stream else ""
        self.do(f"store {a.type} {a.name}, ptr {pointer.name}, align {align}{mark}")

    def fetch(self, pointer: Value) -> None:
        """Have the line at `pointer` brought near, without waiting for it."""
        self.module.declare("llvm.prefetch.p0", "void", ["ptr", "i32", "i32", "i32"])
        self.do(f"call void @llvm.prefetch.p0(ptr {pointer.name}, i32 0, i32 2, i32 1)")

    # ------------------------------------------------------------------ memory of several threads

    def atomic_load(self, pointer: Value, kind: str, ordering: str) -> Value:
        """A number that other threads write, by LLVM's name for the ordering."""
        align = bits_of(kind) // 8
        return self.emit(f"load atomic {kind}, ptr {pointer.name} {ordering}, align {align}", kind)

    def atomic_update(self, operation: str, pointer: Value, a: Value) -> Value:
        """`add` to what is at `pointer`, or `xchg` it; gives what was there before."""
        text = f"atomicrmw {operation} ptr {pointer.name}, {a.type} {a.name} seq_cst"
        return self.emit(text, a.type)

    def compare_exchange(self, pointer: Value, expected: Value, a: Value) -> Value:
        """Put `a` where `expected` is; gives whether it was there."""
        kind = a.type
        pair = self.emit(
            f"cmpxchg ptr {pointer.name}, {kind} {expected.name}, {kind} {a.name} seq_cst seq_cst",
            f"{{ {kind}, i1 }}",
        )
        return self.emit(f"extractvalue {pair.type} {pair.name}, 1", "i1")


class Function(Instructions):
    """A function being written: its frame, its blocks, and what needs blocks of its own."""

    def __init__(
        self,
        module: Module,
        name: str,
        parameters: Sequence[tuple[str, str]],
        result: str = "void",
        public: bool = True,
    ) -> None:
        super().__init__(module)
        self.name, self.result, self.public = name, result, public
        self.parameters = {n: Value(f"%{n}", t) for t, n in parameters}
        self.block = "entry"
        self.written_out: dict[str, int] = {}        # how often what could be called instead
        self._heading = [*parameters]
        self._entry: list[str] = []

    # ------------------------------------------------------------------ the frame of the function

    def finish(self, value: Value | None = None) -> None:
        """Return `value` (or nothing) and put the function into its module."""
        self.leave(value)
        heading = ", ".join(f"{t} %{n}" for t, n in self._heading)
        linkage = "" if self.public else "internal "
        body = [f"define {linkage}{self.result} @{self.name}({heading}) {{", "entry:"]
        self.module.functions.append("\n".join([*body, *self._entry, *self.lines, "}"]))
        for written in (self.lines, self._entry, self._known, self._sums):   # often in a circle
            written.clear()

    def leave(self, value: Value | None = None) -> None:
        """Return `value`, or nothing; a label has to follow."""
        self.do(f"ret {value.type} {value.name}" if value else "ret void")

    def comment(self, text: str) -> None:
        """A line for the reader."""
        self.lines.append("  ; " + text.replace("\n", " "))

    def label(self, name: str) -> None:
        self.lines.append(f"{name}:")
        self.block = name
        self._known.clear()

    def jump(self, name: str) -> None:
        self.do(f"br label %{name}")

    def branch(self, condition: Value, yes: str, no: str) -> None:
        self.do(f"br i1 {condition.name}, label %{yes}, label %{no}")

    def switch(self, value: Value, labels: Sequence[str], otherwise: str) -> None:
        """Go to the label with the number `value`."""
        cases = " ".join(f"{value.type} {i}, label %{name}" for i, name in enumerate(labels))
        self.do(f"switch {value.type} {value.name}, label %{otherwise} [ {cases} ]")

    def stack(self, kind: str, count: int, align: int = 64) -> Value:
        """Room for `count` values on the stack, made once when the function is entered."""
        self._count += 1
        name = f"%v{self._count}"
        self._entry.append(f"  {name} = alloca {kind}, i64 {count}, align {align}")
        return Value(name, "ptr")

    # ------------------------------------------------------------------ masked memory

    def load_some(self, pointer: Value, kind: str, align: int, count: int, fill: float) -> Value:
        """The first `count` lanes from memory, `fill` in the others; reads nothing beyond."""
        lanes = lanes_of(kind)
        if count == lanes:
            return self.load(pointer, kind, align)
        return self.load_where(self.first(count, lanes), pointer, kind, align, fill)

    def load_where(
        self, mask: Value, pointer: Value, kind: str, align: int, fill: float
    ) -> Value:
        """The lanes that `mask` asks for from memory, `fill` in the others, which are not read."""
        if lanes_of(kind) == 1:
            read = self.guarded(mask, lambda: [self.load(pointer, kind, align)],
                                [self.constant(kind, fill)])
            return read[0]
        other = self.constant(kind, fill)
        name = f"llvm.masked.load.{overload_suffix(kind)}.p0"
        self.module.declare(name, kind, ["ptr", "i32", mask.type, kind])
        text = (
            f"call {kind} @{name}(ptr {pointer.name}, i32 {align}, "
            f"{mask.type} {mask.name}, {kind} {other.name})"
        )
        return self.emit(text, kind)

    def store_some(self, a: Value, pointer: Value, align: int, count: int) -> None:
        """Store the first `count` lanes; writes nothing beyond."""
        lanes = lanes_of(a.type)
        if count == lanes:
            self.store(a, pointer, align)
            return
        self.store_where(self.first(count, lanes), a, pointer, align)

    def store_where(self, mask: Value, a: Value, pointer: Value, align: int) -> None:
        """Store the lanes that `mask` asks for; the others are not written."""
        name = f"llvm.masked.store.{overload_suffix(a.type)}.p0"
        self.module.declare(name, "void", [a.type, "ptr", "i32", mask.type])
        self.do(
            f"call void @{name}({a.type} {a.name}, ptr {pointer.name}, i32 {align}, "
            f"{mask.type} {mask.name})"
        )

    # ------------------------------------------------------------------ loops and choices

    def loop(
        self,
        start: Value | int,
        stop: Value | int,
        step: int,
        body: Callable[..., Sequence[Value] | None],
        carry: Sequence[Value] = (),
    ) -> list[Value]:
        """A counting loop that runs at least once; `body(i, *carried)` gives the next carried.

        Every caller makes sure that start < stop. Returns what is carried out.
        """
        begin = Value(str(start), "i64") if isinstance(start, int) else start
        end = Value(str(stop), "i64") if isinstance(stop, int) else stop
        if is_constant(begin) and is_constant(end) and int(begin.name) + step >= int(end.name):
            return list(body(begin, *carry) or ())
        tag = self.fresh()
        head, done, before = f"loop{tag}", f"done{tag}", self.block
        self.jump(head)
        self.label(head)
        index = Value(f"%i{tag}", "i64")
        carried = [Value(f"%c{tag}.{k}", c.type) for k, c in enumerate(carry)]
        place = len(self.lines)
        following = list(body(index, *carried) or ())
        upcoming = self.add(index, step)
        latch = self.block
        phis = [f"  {index.name} = phi i64 [ {begin.name}, %{before} ], "
                f"[ {upcoming.name}, %{latch} ]"]
        phis += [
            f"  {c.name} = phi {c.type} [ {old.name}, %{before} ], [ {new.name}, %{latch} ]"
            for c, old, new in zip(carried, carry, following)
        ]
        self.lines[place:place] = phis
        again = self.compare("slt", upcoming, end)
        self.branch(again, head, done)
        self.label(done)
        return following

    def guarded(
        self,
        condition: Value,
        body: Callable[[], Sequence[Value] | None],
        otherwise: Sequence[Value] = (),
    ) -> list[Value]:
        """Run `body` if `condition`; its values, or `otherwise`, come out."""
        tag = self.fresh()
        yes, done, before = f"then{tag}", f"end{tag}", self.block
        self.branch(condition, yes, done)
        self.label(yes)
        inside = list(body() or ())
        after = self.block
        self.jump(done)
        self.label(done)
        return [
            self.emit(
                f"phi {x.type} [ {x.name}, %{after} ], [ {y.name}, %{before} ]", x.type
            )
            for x, y in zip(inside, otherwise)
        ]

    def spin(self, done: Callable[[], Value], rest: Callable[[Value], None]) -> None:
        """A loop that ends once `done()`; `rest(looks)` is what it does between two looks."""
        tag = self.fresh()
        look, again, go, before = f"look{tag}", f"again{tag}", f"go{tag}", self.block
        self.jump(look)
        self.label(look)
        looks, place = Value(f"%n{tag}", "i64"), len(self.lines)
        self.branch(done(), go, again)
        self.label(again)
        more = self.add(looks, 1)
        rest(more)
        self.lines.insert(
            place, f"  {looks.name} = phi i64 [ 0, %{before} ], [ {more.name}, %{self.block} ]"
        )
        self.jump(look)
        self.label(go)
