"""`sg.from_torch`: a PyTorch module as a network of ours, equal to the original on an example."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seegrad.errors import FormatError
from seegrad.interop.pytorch.export import Example, distinct, write_down
from seegrad.interop.pytorch.network import TorchNetwork, known
from seegrad.interop.pytorch.verification import verify as measured
from seegrad.interop.pytorch.verification import without_other_sizes


def from_torch(
    module: Any,
    *example: Any,
    keywords: Mapping[str, Any] | None = None,
    dynamic_batch: bool = True,
    verify: bool = True,
) -> TorchNetwork:
    """A network of ours from a torch.nn.Module, with its structure, names and values.

    Every step is one of our ops, so that the network can be drawn, explained, differentiated,
    trained, compiled and exported like any other. `train()` and `eval()` do what they do in
    PyTorch; dropout and other random steps draw from a key of the network's own.

    Args:
        module: the module; it stays as it is.
        example: what it is called with: tensors of PyTorch.
        keywords: what it is called with by name.
        dynamic_batch: may the first axis of the inputs have another size than in the example?
            Where the module itself fixes it, it stays fixed; where the way of the module depends
            on it, only sizes with the example's way are taken.
        verify: compare result, gradients and running statistics with the original's, in use and
            in training; kept in `verified`.

    Raises FormatError for operations that are not known (all of them are named), for what
    torch.export refuses (with the line in the module), and where the network differs from the
    original (the first step that does is named); DTypeError for bfloat16 and complex numbers;
    CallError for what is no module; MissingExtraError without PyTorch.

    By torch.export (PyTorch 2: Ansel et al., ASPLOS 2024).

    >>> import torch
    >>> net = from_torch(torch.nn.Linear(3, 2), torch.randn(4, 3))
    >>> net.verified.output < 1e-5, [name for name, _ in net.named_parameters()]
    (True, ['weight', 'bias'])
    """
    given = distinct(Example(example, dict(keywords or {})))
    written, made = write_down(module, given, known, ("eval", "train"), dynamic_batch)
    network = TorchNetwork(written)
    network.train(bool(module.training))
    if verify:
        try:
            network.verified = measured(network, written, module, made, given)
        except FormatError:
            if not dynamic_batch:
                raise
            # what is written for any size may be other than what the module does at this one
            return from_torch(module, *example, keywords=keywords, dynamic_batch=False)
        network.restrict(without_other_sizes(network, module, made, given))
    return network
