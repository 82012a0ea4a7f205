"""The gradient check of a whole network, parameter by parameter (chapter 5.7.3).

In float64 and in evaluation mode, where nothing is drawn at random; of large parameters some
numbers are checked, evenly spread.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from seegrad.nn.module import Module
from seegrad.ops.indexing import scatter_add
from seegrad.ops.shape import reshape
from seegrad.tensor.tensor import tensor
from seegrad.transforms.gradcheck import Report, gradcheck

CHECKED_OF_EACH = 100


def check_network(
    network: Module, loss: Any, x: Any, t: Any, most: int = CHECKED_OF_EACH, h: float = 1e-5
) -> dict[str, Report]:
    """Compare the gradient by backpropagation with numerical differences, parameter by parameter.

    x, t: some examples, three are enough. most: how many numbers of each parameter are checked.
    Returns a report by each parameter's name; true when right.

    Args:
        network: which one.
        loss: takes outputs and targets.
        h: the step of the differences.

    >>> import seegrad as sg
    >>> net = sg.nn.Sequential(sg.nn.Linear(2, 2, dtype=np.float64))
    >>> found = check_network(net, sg.nn.SoftmaxWithLoss(), np.ones((3, 2)), np.array([0, 1, 1]))
    >>> all(map(bool, found.values()))
    True
    """
    x = np.asarray(x, np.float64)
    values = {
        name: tensor(value, np.float64, requires_grad=False)
        for name, value in network.state_dict().items()
        if value.dtype.kind == "f"
    }
    mode = network.training
    network.eval()
    try:
        return {
            name: _check_one(network, loss, x, t, values, name, most, h)
            for name, _ in network.named_parameters()
        }
    finally:
        network.train(mode)


def _check_one(
    network: Module,
    loss: Any,
    x: Any,
    t: Any,
    values: dict[str, Any],
    name: str,
    most: int,
    h: float,
) -> Report:
    whole = values[name]
    places = np.unique(np.linspace(0, whole.size - 1, min(most, whole.size)).astype(np.int64))
    rest = np.array(whole.value).ravel()
    chosen = rest[places]
    rest[places] = 0.0

    def of_the_chosen(v: Any) -> Any:
        spread = scatter_add(v, places, axis=0, shape=rest.shape)
        with network.using({**values, name: reshape(spread + rest, shape=whole.shape)}):
            return loss(network(x), t)

    return gradcheck(of_the_chosen, chosen, h=h)
