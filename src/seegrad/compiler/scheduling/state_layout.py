"""How state lies in memory: matrices are kept turned round where products run faster so.

A weight that lies along what is summed serves as lanes of dot products, and its gradient is
written along the longer axis. What is computed does not change; costs are those of `tiling.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from seegrad.compiler.ir.buffer import Buffer, View
from seegrad.compiler.ir.expression import Load, rebuild
from seegrad.compiler.ir.kernel import Kernel, Matmul, Store
from seegrad.compiler.ir.loop_call import LoopCall
from seegrad.compiler.lowering.lower import Lowered
from seegrad.compiler.scheduling.tiling import choose
from seegrad.graph.node import Node

WORTH = 0.97
"""State is turned round if products then take at most this share of their time."""
TURNED = (1, 0)


def orders(lowered: Lowered, threads: int) -> dict[Node, tuple[int, ...]]:
    """The axis order in memory of each leaf that had better lie otherwise than in C order."""
    touching: dict[Buffer, list[Kernel]] = {}
    for kernel in lowered.kernels:
        for view in (*kernel.writes(), *kernel.reads()):
            touching.setdefault(view.buffer, []).append(kernel)
    found: dict[Node, tuple[int, ...]] = {}
    leaves = {buffer: leaf for leaf, buffer in lowered.leaves.items() if buffer in touching}
    matrices = {b: dict.fromkeys(touching[b]) for b in leaves if _is_matrix(b)}
    for group in _alike(matrices):
        kernels = list(dict.fromkeys(k for b in group for k in matrices[b]))
        after = _turned(kernels, group)
        if after and _cycles(after, threads) < WORTH * _cycles(kernels, threads):
            found.update((leaves[b], TURNED) for b in group)
    return found


def _is_matrix(buffer: Buffer) -> bool:
    return buffer.role == "state" and len(buffer.shape) == 2 and min(buffer.shape) > 1


def _behind(kernel: Kernel) -> list[View]:
    """The views that a kernel goes through point by point, side by side."""
    return [*kernel.writes(), *kernel.loads()]


def _alike(matrices: Mapping[Buffer, Iterable[Kernel]]) -> list[set[Buffer]]:
    """Matrices that are gone through side by side lie in the same way."""
    group_of = {b: {b} for b in matrices}
    for buffer, kernels in matrices.items():
        for kernel in kernels:
            beside = {v.buffer for v in _behind(kernel)}
            if buffer not in beside:
                continue
            for other in beside & matrices.keys():
                if group_of[other] is not group_of[buffer]:
                    group_of[buffer] |= group_of[other]
                    for member in group_of[other]:
                        group_of[member] = group_of[buffer]
    return list({id(g): g for g in group_of.values()}.values())


def _turned(kernels: Iterable[Kernel], group: set[Buffer]) -> list[Kernel] | None:
    """The kernels as they are with the group's matrices turned round; None where they, or what
    they are gone through beside, do not lie so that this can be said or would be quick."""
    found: list[Kernel] = []
    for kernel in kernels:
        mine = [v for v in (*kernel.writes(), *kernel.reads()) if v.buffer in group]
        if isinstance(kernel, LoopCall) or not all(_whole(v) for v in mine):
            return None
        beside = _behind(kernel)
        if any(v.buffer in group for v in beside) and any(
            v.buffer not in group and sum(s != 0 for s in v.strides) > 1 for v in beside
        ):
            return None
        if isinstance(kernel, Matmul):
            found.append(_product(kernel, group))
    return found


def _whole(view: View) -> bool:
    """Whether the view shows its matrix by rows and columns, perhaps repeated."""
    across = view.buffer.shape[1]
    steps = {(n, s) for n, s in zip(view.shape, view.strides) if s}
    return view.rows is None and not view.offset and all(
        (n, s) in ((view.buffer.shape[0], across), (across, 1)) for n, s in steps
    )


def _product(kernel: Matmul, group: set[Buffer]) -> Matmul:
    def turn(view: View) -> View:
        if view.buffer not in group:
            return view
        down, across = view.buffer.shape
        return replace(view, strides=tuple(
            0 if not s else 1 if s == across else down for s in view.strides
        ))

    values = rebuild([s.value for s in kernel.stores],
                     lambda e: Load(turn(e.view)) if isinstance(e, Load) else None)
    stores = [Store(turn(s.view), x) for s, x in zip(kernel.stores, values)]
    return replace(kernel, stores=stores, a=turn(kernel.a), b=turn(kernel.b))


def _cycles(kernels: Iterable[Kernel], threads: int) -> float:
    """Cycles of the products among them, each shared out along its better axis."""
    total = 0.0
    for kernel in kernels:
        if isinstance(kernel, Matmul):
            m, n = kernel.space[-2:]
            shares = {(-(-m // threads), n), (m, -(-n // threads))}
            total += min(choose(kernel, *share)[1].cycles for share in shares)
    return total
