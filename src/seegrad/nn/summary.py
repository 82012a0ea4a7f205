"""summary: a network's modules as a table: what each gives, and how many numbers it learns.

The network is traced on symbols of the example's shape, so no numbers are computed and nothing is
changed. rich lays the table out: in colour on a terminal, plain where it is piped.
"""

from __future__ import annotations

import html
import io
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seegrad.errors import DTypeError, ShapeError
from seegrad.graph.spec import spec_of
from seegrad.i18n import tr
from seegrad.nn.module import Module
from seegrad.nn.preview import input_specs
from seegrad.tensor.tensor import Tensor
from seegrad.transforms.tracing import symbol, trace

WIDE = 240
"""How wide a table may be where there is no terminal."""


@dataclass(frozen=True)
class Line:
    """One module of the table."""

    name: str
    depth: int
    layer: str
    output: str
    learnt: int
    kept: int
    """Numbers of its own that are learnt, and that are kept; shared ones count once."""
    calls: int


@dataclass(frozen=True)
class Summary:
    """A network's modules and what they add up to; printed, a table.

    Args:
        lines: one for each module.
        learnt: how many numbers are learnt.
        kept: how many are kept beside.
        bytes: how much memory they take.

    >>> import seegrad as sg
    >>> sg.nn.summary(sg.nn.Linear(2, 3)).learnt
    9
    """

    lines: tuple[Line, ...]
    inputs: str
    learnt: int
    kept: int
    bytes: int

    def __str__(self) -> str:
        return self._written(sys.stdout.isatty())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self._written(False))}</pre>"

    def __rich__(self) -> Any:
        """What rich shows of it."""
        return self._table(True)

    def _written(self, terminal: bool) -> str:
        from rich.console import Console

        to = io.StringIO()
        width = None if terminal else WIDE
        console = Console(
            file=to, width=width, force_terminal=terminal, highlight=False,
            color_system="auto" if terminal else None,
        )  # fmt: skip
        console.print(self._table(terminal))
        console.print(*self._totals(), sep="\n", markup=False)
        return "\n".join(line.rstrip() for line in to.getvalue().rstrip().splitlines())

    def _table(self, terminal: bool) -> Any:
        from rich import box
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE_HEAD if terminal else None, pad_edge=False, padding=(0, 2))
        for word in (tr("name"), tr("layer"), tr("gives")):
            table.add_column(word, overflow="fold")
        table.add_column(tr("numbers learnt"), justify="right")
        for line in self.lines:
            more = f" ×{line.calls}" if line.calls > 1 else ""
            learnt = f"{line.learnt:,}" if line.learnt else "–"
            cells = ("  " * line.depth + line.name, line.layer + more, line.output, learnt)
            table.add_row(*map(Text, cells))
        return table

    def _totals(self) -> list[str]:
        return [
            tr("input: {shapes}", shapes=self.inputs),
            tr("learnt: {learnt} numbers · kept: {kept} · {size} MB", learnt=f"{self.learnt:,}",
               kept=f"{self.kept:,}", size=f"{self.bytes / 1e6:.2f}"),
        ]  # fmt: skip


def summary(net: Module, *example: Any, **keywords: Any) -> Summary:
    """What each module of `net` gives for this example, and how many numbers it learns.

    Args:
        net: the network.
        example: what it is called with: arrays, of which only shapes and dtypes are looked at.
            Without one, an input is guessed from the first weights.
        keywords: what else it is called with.

    Raises what the network raises for an input that does not fit, and ShapeError where none was
    given and none can be guessed.

    Raises:
        DTypeError: for what is no network.

    >>> net = sg.nn.Sequential(sg.nn.Affine(4, 8), sg.nn.ReLU(), sg.nn.Affine(8, 3))
    >>> summary(net, np.zeros((2, 4)))
    name         layer           gives    numbers learnt
    net          Sequential      (2, 3)                –
      affine1    Affine(4 → 8)   (2, 8)               40
      relu1      ReLU()          (2, 8)                –
      affine2    Affine(8 → 3)   (2, 3)               27
    input: (2, 4)
    learnt: 67 numbers · kept: 0 · 0.00 MB
    """
    if not isinstance(net, Module):
        raise DTypeError(
            tr("a summary is of a network"), asked="summary(net, example)",
            came=type(net).__name__,
        )  # fmt: skip
    if not example and not keywords:
        return _guessed(net)
    symbols = [symbol(spec_of(np.asarray(x) if not isinstance(x, Tensor) else x), "x")
               for x in example]  # fmt: skip
    return _told(net, symbols, keywords)


def _guessed(net: Module) -> Summary:
    for spec in input_specs([p for _, p in net.named_parameters()]):
        try:
            return _told(net, [symbol(spec, "x")], {})
        except Exception:
            continue
    raise ShapeError(
        tr("the network's input cannot be guessed from its weights"),
        asked="summary(net, example)", came="summary(net)",
    )  # fmt: skip


def _told(net: Module, symbols: Sequence[Tensor], keywords: dict[str, Any]) -> Summary:
    """The table of a network that is traced on these symbols."""
    outputs: dict[int, list[str]] = {}

    def seen(module: Module, inputs: Any, out: Any) -> None:
        outputs.setdefault(id(module), []).append(_shapes(out))

    handles = [module.register_forward_hook(seen) for module in net.modules()]
    try:
        trace(net, symbols, lambda call: call(*symbols, **keywords))
    finally:
        for handle in handles:
            handle.remove()
    counted: set[int] = set()
    lines = [
        _line(name, module, parts, outputs.get(id(module), []), counted)
        for name, module, parts in net._walk()
    ]
    sizes = [(leaf.requires_grad, leaf.size, leaf.dtype.itemsize) for _, leaf in net.named_leaves()]
    return Summary(
        tuple(lines),
        ", ".join(str(tuple(s.shape)) for s in symbols),
        sum(n for learnt, n, _ in sizes if learnt),
        sum(n for learnt, n, _ in sizes if not learnt),
        sum(n * width for _, n, width in sizes),
    )


def _line(
    name: str, module: Module, parts: list[tuple[str, Any]], outputs: list[str],
    counted: set[int],
) -> Line:  # fmt: skip
    own = [p for _, p in parts if isinstance(p, Tensor) and id(p) not in counted]
    counted.update(map(id, own))
    inner = any(not isinstance(p, Tensor) for _, p in parts)
    told = module.describe()
    layer = type(module).__name__ + ("" if inner and not told else f"({told})")
    depth = name.count(".") + 1 if name else 0
    return Line(
        name.rpartition(".")[2] or module.name or module.kind_name(),
        depth,
        layer,
        outputs[0] if outputs else "–",
        sum(p.size for p in own if p.requires_grad),
        sum(p.size for p in own if not p.requires_grad),
        len(outputs),
    )


def _shapes(out: Any) -> str:
    """The shapes of what came out, nested as it is."""
    if isinstance(out, (tuple, list)):
        return "(" + ", ".join(map(_shapes, out)) + ")"
    return str(tuple(getattr(out, "shape", ())))
