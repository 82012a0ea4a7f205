"""What somebody who uses seegrad writes, and the types that a checker finds in it.

Not run: read by mypy and pyright. Each line marked WRONG has to be refused.
"""

from typing import Any, assert_type

import numpy as np

import seegrad as sg
from seegrad import Tensor, nn, optim

x: Tensor = sg.tensor([[1.0, 2.0]], name="x")
assert_type(sg.exp(x), Tensor)
assert_type(sg.exp(x).sum(axis=0, keepdims=True).relu(), Tensor)
assert_type(x * 2, Tensor)
assert_type(2 - x, Tensor)
assert_type(x @ x.T + np.ones(1), Tensor)
assert_type(x > 0, Tensor)
assert_type(x[0, 1:], Tensor)
assert_type(sg.where(x > 0, x, 0.0), Tensor)
assert_type(sg.concatenate([x, x], axis=1), Tensor)
assert_type(sg.cumsum(x, axis=0), Tensor)
assert_type(sg.topk(x, 1), tuple[Tensor, Tensor])
assert_type(sg.linalg.solve(x @ x.T, x), Tensor)
assert_type(sg.special.logsumexp(x, axis=1), Tensor)
assert_type(x.at[0].set(1.0), Tensor)
sg.sum(x, axes=1)  # WRONG: the keyword is axis
sg.exp(x, where=x)  # WRONG
sg.exp()  # WRONG
x.sum(dim="rows")  # WRONG


class Net(nn.Module):
    def __init__(self) -> None:
        self.body = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 3))

    def forward(self, x: Any, scale: float = 1.0) -> Tensor:
        return self.body(x) * scale


net = Net()
assert_type(net(x, scale=2.0), Tensor)
assert_type(nn.Linear(2, 8)(x), Tensor)
assert_type(nn.LSTM(2, 4)(x[None]), Tensor)
assert_type(net.parameters(), list[Tensor])
net(x, skale=2.0)  # WRONG: its forward has no such parameter
nn.Linear(2, 3, bais=False)  # WRONG
loss_function = nn.CrossEntropyLoss(label_smoothing=0.1)
assert_type(loss_function(net(x), np.array([0])), Tensor)
optimizer = optim.Adam(net.parameters(), lr=0.01)
optim.SGD(net.parameters(), learning_rate=0.1)  # WRONG: lr


def loss(w: Tensor, t: float = 0.0) -> Tensor:
    return ((w - t) ** 2).mean()


assert_type(sg.grad(loss)(x, 1.0), Tensor)
assert_type(sg.value_and_grad(loss)(x), tuple[Tensor, Tensor])
sg.grad(loss)(x, wrong=1.0)  # WRONG


@sg.compile
def step(x: Tensor, t: Tensor, rate: float = 0.1) -> Tensor:
    return loss(x * rate)


@sg.compile(threads=1)
def alone(x: Tensor) -> dict[str, Tensor]:
    return {"double": x * 2}


assert_type(step(x, x, rate=0.5), Tensor)
assert_type(alone(x)["double"], Tensor)
step(x, x, rat=0.5)  # WRONG
step(x)  # WRONG: t is missing


def body(carry: Tensor, row: Tensor) -> tuple[Tensor, Tensor]:
    return carry + row, carry


assert_type(sg.scan(body, x[0], x), tuple[Tensor, Tensor])
assert_type(sg.vmap(loss)(x), Tensor)
for rows, _ in sg.data.batches(np.ones((4, 2)), np.zeros(4), 2, drop_last=True):
    assert_type(net(rows), Tensor)
sg.data.batches(np.ones((4, 2)), np.zeros(4), size=2, drop=True)  # WRONG: drop_last
