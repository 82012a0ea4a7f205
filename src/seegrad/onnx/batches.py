"""The sizes of batch that a network is traced with, and those at which its file is compared.

What differs between three traces is taken to grow with the batch. That this is so for small
batches, too, and for the example's own, is looked at here: in further traces, and where these are
other graphs, in numbers.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from seegrad.errors import FormatError
from seegrad.graph.node import Node
from seegrad.i18n import tr
from seegrad.onnx.importing import import_onnx
from seegrad.onnx.model import Model, write_model
from seegrad.onnx.writing import to_model
from seegrad.tensor.tensor import tensor
from seegrad.tree import flatten

TRIED_BATCHES = (5, 7, 12)
"""A dynamic batch is found by tracing with each of these; what differs grows with the batch."""
SMALL_BATCHES = (1, 2)
"""Sizes at which a graph may be another: axes of 1 are stretched, a slice has no more to give."""
APART = 1e-3
"""How far a file's results may be from the network's, relative to the largest number."""

Trace = tuple[list[Node], list[Node]]


@dataclass(frozen=True)
class Traced:
    """A network's inputs and results without numbers, for each size of batch that it was given.

    An error stands for a size that the network does not take.
    """

    by_size: Mapping[int, Trace]
    refused: Mapping[int, Exception]


def traced(trace: Callable[[int], Trace], own: int) -> Traced:
    """Trace with the sizes that are tried, with the example's own, and with small ones.

    The network has to take the example, and all sizes that are tried.
    """
    found = {size: trace(size) for size in dict.fromkeys((*TRIED_BATCHES, own)) if size}
    refused: dict[int, Exception] = {}
    for size in SMALL_BATCHES:
        if size not in found:
            try:
                found[size] = trace(size)
            except Exception as fault:
                refused[size] = fault
    return Traced(found, refused)


def for_any_batch(
    found: Traced, names: Mapping[Node, str], wanted: Sequence[str], results: Sequence[str],
    network: Any, examples: Sequence[Any],
) -> Model:  # fmt: skip
    """The model that serves all sizes of batch; FormatError where the graph is another at some."""

    def merged(sizes: Sequence[int]) -> Model:
        inputs, outputs = zip(*(found.by_size[size] for size in sizes))
        return to_model(inputs, outputs, sizes, names, wanted, results)

    fault: FormatError | None = None
    others = list(found.refused)
    try:
        model = merged([*found.by_size])
    except FormatError as one:
        fault = one
        model = merged(TRIED_BATCHES)
        others += [size for size in found.by_size if size not in TRIED_BATCHES]
    if others:
        _compare(model, network, examples, others, fault)
    return model


def _compare(
    model: Model, network: Any, examples: Sequence[Any], sizes: Sequence[int],
    fault: FormatError | None,
) -> None:  # fmt: skip
    """FormatError where the model gives other numbers than the network, or any where that has none.

    fault: what differs in the graph.
    """
    with tempfile.TemporaryDirectory() as folder:
        again = import_onnx(write_model(model, Path(folder) / "model.onnx"))
    for size in sizes:
        arrays = [tensor(_numbers(x, size)) for x in examples]
        theirs, mine = _results(network, arrays), _results(again, arrays)
        if not _same(mine, theirs):
            said = fault.came if fault else tr("the network takes none such, and the file does")
            raise FormatError(
                tr("the graph depends on the size of the batch"),
                asked=tr("the same graph for every batch"),
                came=f"{said} (N = {size})",
                hint=tr("export with dynamic_batch=False, for the batch of the example alone"),
            ) from fault


def _numbers(x: Any, size: int) -> Any:
    """An input of this many rows: whole numbers as in the example, others drawn."""
    if x.dtype.kind != "f":
        return np.resize(x, (size, *x.shape[1:]))
    return np.random.default_rng(size).uniform(0.1, 0.9, (size, *x.shape[1:])).astype(x.dtype)


def _results(function: Any, arrays: Sequence[Any]) -> list[Any] | None:
    """What a function gives for these, as arrays; None where it takes them not."""
    try:
        found, _ = flatten(function(*arrays))
        return [np.asarray(x) for x in found if isinstance(x, Node)]
    except Exception:
        return None


def _same(mine: list[Any] | None, theirs: list[Any] | None) -> bool:
    if mine is None or theirs is None:
        return mine is theirs
    return all(
        a.shape == b.shape and np.allclose(
            a, b, rtol=APART, atol=APART * np.max(np.abs(b), initial=0, where=np.isfinite(b)),
            equal_nan=a.dtype.kind == b.dtype.kind == "f",
        )
        for a, b in zip(mine, theirs)
    )  # fmt: skip
