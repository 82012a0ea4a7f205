"""Networks to ONNX files: the door. How a graph is written stands in `writing`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from seegrad.errors import FormatError, SeegradError, ShapeError
from seegrad.graph.mode import in_mode
from seegrad.graph.node import Node
from seegrad.graph.spec import NO_ATTRS, Spec
from seegrad.i18n import tr
from seegrad.nn.module import Module
from seegrad.onnx.batches import Traced, for_any_batch, traced
from seegrad.onnx.model import Model, write_model
from seegrad.onnx.words import with_words
from seegrad.onnx.writing import to_model
from seegrad.tensor.tensor import Tensor
from seegrad.text import signature
from seegrad.tree import flatten


def export_onnx(
    network: Module | Callable[..., Any],
    path: str | os.PathLike[str],
    example: Any,
    *,
    dynamic_batch: bool = True,
    input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
    input_words: Mapping[str, Sequence[str]] | None = None,
    output_words: Mapping[str, Sequence[str]] | None = None,
    metadata: Mapping[str, str] | None = None,
) -> Path:
    """Write a network, or any function of arrays, to `path`, as a model that onnx.checker accepts.

    example: an input, or a tuple of them: their shapes and dtypes count, not their numbers; floats
    are taken in the dtype of the network's parameters. dynamic_batch: the first axis of the inputs
    may have any size in the file. input_names, output_names: by default those of the function's
    parameters, and y, or y_2 where an input is called so. input_words: inputs (of int64) that are
    texts in the file, and the texts whose places the network takes; any other is −1. output_words:
    outputs (of int64) that are said by name in the file. metadata: texts that go along. A network
    is exported as it is in use (`eval()`), its parameters by their names.
    Raises FormatError for an op that ONNX has no form for, MissingExtraError without onnx.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     export_onnx(lambda x: x * 2, f"{folder}/twice.onnx", np.ones(3)).name
    'twice.onnx'
    """
    examples = tuple(map(np.asarray, example if isinstance(example, tuple) else (example,)))
    names: dict[Node, str] = {}
    training = False
    if isinstance(network, Module):
        names = {tensor: name for name, tensor in network.named_leaves()}
        floats = [tensor.dtype for tensor in network.parameters()]
        if floats:
            examples = tuple(x.astype(floats[0]) if x.dtype.kind == "f" else x for x in examples)
        training = network.training
        network.eval()
    try:
        model = _model(network, examples, dynamic_batch, names, input_names, output_names)
    finally:
        if training and isinstance(network, Module):
            network.train()
    if input_words or output_words:
        model = with_words(model, input_words or {}, output_words or {})
    return write_model(replace(model, metadata=dict(metadata or {})), path)


def _model(
    network: Any, examples: tuple[Any, ...], dynamic: bool, names: Mapping[Node, str],
    input_names: Sequence[str] | None, output_names: Sequence[str] | None,
) -> Model:  # fmt: skip
    """The model of a network, for batches of any size or for the example's."""
    dynamic = dynamic and all(x.ndim for x in examples)
    rows = {x.shape[0] for x in examples if x.ndim}
    if dynamic and len(rows) > 1:
        raise FormatError(
            tr("the first axes of the inputs have several sizes"),
            asked=tr("one size of batch"),
            came=", ".join(str(x.shape) for x in examples),
            hint=tr("export with dynamic_batch=False, for the batch of the example alone"),
        )
    own = next(iter(rows), 1)
    if dynamic:
        found = traced(lambda n: _traced(network, examples, None if n == own else n), own)
    else:
        found = Traced({own: _traced(network, examples, None)}, {})
    wanted = list(input_names or _parameter_names(network, len(examples)))
    count = len(next(iter(found.by_size.values()))[1])
    results = list(output_names or (["y"] if count == 1 else [f"y{i + 1}" for i in range(count)]))
    for given, there in ((wanted, len(examples)), (results, count)):
        if len(given) != there:
            raise FormatError(
                tr("there is not one name for each value"),
                asked=tr("{count} names", count=there),
                came=", ".join(given),
            )
    several = [*wanted, *(results if output_names else ())]
    if len(set(several)) < len(several):
        raise FormatError(
            tr("a name stands for two values"),
            asked=tr("names of inputs and results that differ"),
            came=", ".join(several),
        )
    if dynamic:
        return for_any_batch(found, names, wanted, results, network, examples)
    inputs, outputs = found.by_size[own]
    return to_model([inputs], [outputs], [own], names, wanted, results)


def _traced(
    network: Any, examples: tuple[Any, ...], batch: int | None
) -> tuple[list[Node], list[Node]]:
    """Inputs without numbers, and what the network makes of them."""
    inputs: list[Node] = []
    for x in examples:
        shape = x.shape if batch is None else (batch, *x.shape[1:])
        spec = Spec(tuple(map(int, shape)), x.dtype)
        inputs.append(Tensor(None, (), NO_ATTRS, (), None, x.dtype.kind == "f", spec))
    try:
        with in_mode(recording=True, locate=True):
            made, _ = flatten(network(*inputs))
    except SeegradError as fault:
        if batch is None or not isinstance(fault, ShapeError):
            raise
        raise FormatError(
            tr("the network does not take a batch of another size"),
            asked=tr("a first axis of any size"),
            came=fault.problem,
            hint=tr("export with dynamic_batch=False, for the batch of the example alone"),
        ) from fault
    return inputs, [x for x in made if isinstance(x, Node)]


def _parameter_names(network: Any, count: int) -> list[str]:
    function = network.forward if isinstance(network, Module) else network
    try:
        known = [
            name
            for name, parameter in signature(function).parameters.items()
            if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
        ]
    except (TypeError, ValueError):
        known = []
    return known[:count] if len(known) >= count else [f"x{i + 1}" for i in range(count)]
