"""The book's Trainer (chapters 6 to 8): mini-batches, updates, and what was reached."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from seegrad.book.arrays import as_array
from seegrad.book.optimizer import SGD, AdaGrad, Adam, Momentum, Nesterov, RMSprop
from seegrad.errors import CallError, ShapeError, ValueRangeError
from seegrad.i18n import tr

__all__ = [
    "SGD", "AdaGrad", "Adam", "Momentum", "Nesterov", "RMSprop", "Trainer", "np",
]  # fmt: skip

OPTIMIZERS = {
    "sgd": SGD, "momentum": Momentum, "nesterov": Nesterov, "adagrad": AdaGrad,
    "rmsprop": RMSprop, "adam": Adam,
}  # fmt: skip


class Trainer:
    """Trains any network with `params`, `gradient`, `loss` and `accuracy`.

    `train_loss_list` has the loss behind each update; `train_acc_list` and `test_acc_list` the
    accuracies once an epoch. Rows are drawn by `np.random.choice`.

    Raises ShapeError where there is not one label for each sample, ValueRangeError for an optimizer
    that is not there and for mini-batches without rows.
    """

    def __init__(
        self, network: Any, x_train: Any, t_train: Any, x_test: Any, t_test: Any,
        epochs: int = 20, mini_batch_size: int = 100, optimizer: str = "SGD",
        optimizer_param: Mapping[str, Any] | None = None,
        evaluate_sample_num_per_epoch: int | None = None, verbose: bool = True,
    ) -> None:  # fmt: skip
        self.network, self.verbose = network, verbose
        self.x_train, self.t_train = _pairs("train", x_train, t_train)
        self.x_test, self.t_test = _pairs("test", x_test, t_test)
        if not isinstance(mini_batch_size, (int, np.integer)) or mini_batch_size < 1 or epochs < 0:
            raise ValueRangeError(
                tr("a mini-batch has at least one row"),
                asked="mini_batch_size ≥ 1, epochs ≥ 0",
                came=f"mini_batch_size={mini_batch_size!r}, epochs={epochs!r}",
            )
        self.epochs, self.batch_size = epochs, mini_batch_size
        self.evaluate_sample_num_per_epoch = evaluate_sample_num_per_epoch
        self.optimizer = _made(optimizer, optimizer_param or {"lr": 0.01})
        self.train_size = len(self.x_train)
        self.iter_per_epoch = max(self.train_size / mini_batch_size, 1)
        self.max_iter = int(epochs * self.iter_per_epoch)
        self.current_iter = self.current_epoch = 0
        self.train_loss_list: list[Any] = []
        self.train_acc_list: list[float] = []
        self.test_acc_list: list[float] = []

    def train_step(self) -> None:
        """One mini-batch: gradient, update, loss; the accuracies where an epoch begins."""
        rows = np.random.choice(self.train_size, self.batch_size)
        x, t = self.x_train[rows], self.t_train[rows]
        self.optimizer.update(self.network.params, self.network.gradient(x, t))
        loss = self.network.loss(x, t)
        self.train_loss_list.append(loss)
        self._say(f"train loss:{loss}")
        # an epoch of 4.5 steps begins at steps 0, 5, 9, 14 …
        if self.current_iter >= self.current_epoch * self.iter_per_epoch:
            self.current_epoch += 1
            few = slice(self.evaluate_sample_num_per_epoch)
            train = self.network.accuracy(self.x_train[few], self.t_train[few])
            test = self.network.accuracy(self.x_test[few], self.t_test[few])
            self.train_acc_list.append(train)
            self.test_acc_list.append(test)
            self._say(f"=== epoch:{self.current_epoch}, train acc:{train}, test acc:{test} ===")
        self.current_iter += 1

    def train(self) -> None:
        """All epochs, and the accuracy on all test samples at the end."""
        for _ in range(self.max_iter):
            self.train_step()
        self._say("=============== Final Test Accuracy ===============")
        if self.verbose:
            self._say(f"test acc:{self.network.accuracy(self.x_test, self.t_test)}")

    def _say(self, line: str) -> None:
        if self.verbose:
            print(line)


def _pairs(name: str, x: Any, t: Any) -> tuple[Any, Any]:
    x, t = as_array(x, f"x_{name}"), as_array(t, f"t_{name}")
    if not x.ndim or not t.ndim or len(x) != len(t) or not len(x):
        raise ShapeError(
            tr("there is not one label for each sample"),
            asked=tr("x and t with the same first axis"),
            came=f"x_{name} {x.shape} · t_{name} {t.shape}",
        )
    return x, t


def _made(name: Any, settings: Mapping[str, Any]) -> Any:
    if str(name).lower() not in OPTIMIZERS:
        raise ValueRangeError(
            tr("there is no such optimizer"), asked=", ".join(OPTIMIZERS), came=f"{name!r}"
        )
    try:
        return OPTIMIZERS[str(name).lower()](**settings)
    except TypeError as fault:
        raise CallError(
            tr("optimizer_param does not fit {name}", name=str(name)),
            came=", ".join(map(str, settings)), hint=str(fault),
        ) from None  # fmt: skip
