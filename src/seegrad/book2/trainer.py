"""The second volume's trainers: mini-batches of samples, or of a corpus read in parallel rows."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from seegrad.book2.arrays import Array
from seegrad.book2.layer import is_transpose
from seegrad.book2.util import clip_grads
from seegrad.errors import MissingExtraError, ShapeError, ValueRangeError
from seegrad.i18n import tr
from seegrad.nn.sizes import whole

__all__ = ["RnnlmTrainer", "Trainer", "clip_grads", "np", "remove_duplicate"]


def _step(model: Any, optimizer: Any, x: Array, t: Array, max_grad: float | None) -> Any:
    """One update; gives the loss before it."""
    loss = model.forward(x, t)
    model.backward()
    params, grads = remove_duplicate(model.params, model.grads)
    if max_grad is not None:
        clip_grads(grads, max_grad)
    optimizer.update(params, grads)
    return loss


def _batches(x: Any, t: Any, per_step: int) -> int:
    if len(x) != len(t):
        raise ShapeError(
            tr("each sample has its target"), asked=f"{len(x)}", came=f"{len(t)}"
        )
    if len(x) < per_step:
        raise ValueRangeError(
            tr("there are fewer samples than one batch takes"),
            asked=tr("at least {count}", count=per_step), came=f"{len(x)}",
            hint=tr("a smaller batch_size"),
        )  # fmt: skip
    return len(x) // per_step


class _Curve:
    """What both trainers keep and draw."""

    loss_list: list[float]
    eval_interval: int | None
    _label = "loss"

    def __init__(self, model: Any, optimizer: Any) -> None:
        self.model, self.optimizer = model, optimizer
        self.eval_interval = None
        self.current_epoch = 0

    def _report(self, values: list[float], losses: list[Any], at: tuple[int, int, float]) -> None:
        """Print and keep the mean of the losses since the last time."""
        step, steps, begun = at
        mean = float(np.mean(losses))
        value = mean if self._label == "loss" else float(np.exp(mean))
        print(tr(
            "| epoch {epoch} | iter {step} / {steps} | time {seconds}[s] | {label} {value}",
            epoch=self.current_epoch + 1, step=step + 1, steps=steps,
            seconds=int(time.time() - begun), label=tr(self._label), value=f"{value:.2f}",
        ))  # fmt: skip
        values.append(value)
        losses.clear()

    def _due(self, step: int) -> bool:
        return self.eval_interval is not None and step % self.eval_interval == 0

    def _plot(self, values: Sequence[float], ylim: Any) -> None:
        try:
            import matplotlib.pyplot as plt  # type: ignore[import-not-found,unused-ignore]
        except ImportError:
            raise MissingExtraError(
                tr("{name} is not installed", name="matplotlib"), hint="pip install matplotlib"
            ) from None
        if ylim is not None:
            plt.ylim(*ylim)
        plt.plot(np.arange(len(values)), values, label="train")
        plt.xlabel(tr("iterations (x{interval})", interval=self.eval_interval))
        plt.ylabel(tr(self._label))
        plt.show()


class Trainer(_Curve):
    """Trains on shuffled mini-batches (chapter 1.4.4); `loss_list` keeps what it printed."""

    def __init__(self, model: Any, optimizer: Any) -> None:
        super().__init__(model, optimizer)
        self.loss_list = []

    def fit(
        self, x: Any, t: Any, max_epoch: int = 10, batch_size: int = 32,
        max_grad: float | None = None, eval_interval: int | None = 20,
    ) -> None:  # fmt: skip
        """`max_epoch` passes over the samples; what is left of a whole batch is left out.

        The order comes from `np.random`, as in the book. Raises ValueRangeError for fewer samples
        than a batch takes.
        """
        whole(max_epoch=max_epoch, batch_size=batch_size)
        x, t = np.asarray(x), np.asarray(t)
        steps, begun = _batches(x, t, batch_size), time.time()
        self.eval_interval = eval_interval
        losses: list[Any] = []
        for _ in range(max_epoch):
            order = np.random.permutation(np.arange(len(x)))
            x, t = x[order], t[order]
            for step in range(steps):
                part = slice(step * batch_size, (step + 1) * batch_size)
                losses.append(_step(self.model, self.optimizer, x[part], t[part], max_grad))
                if self._due(step):
                    self._report(self.loss_list, losses, (step, steps, begun))
            self.current_epoch += 1

    def plot(self, ylim: Any = None) -> None:
        """The curve of the losses, with matplotlib."""
        self._plot(self.loss_list, ylim)


class RnnlmTrainer(_Curve):
    """Trains a language model along a corpus (chapter 5.5.3); `ppl_list` keeps the perplexities."""

    _label = "perplexity"

    def __init__(self, model: Any, optimizer: Any) -> None:
        super().__init__(model, optimizer)
        self.time_idx = 0
        self.ppl_list: list[float] = []

    def get_batch(self, x: Any, t: Any, batch_size: int, time_size: int) -> tuple[Array, Array]:
        """(batch_size, time_size) of x and of t: rows begin evenly spread, and go on from here."""
        x, t = np.asarray(x), np.asarray(t)
        begins = np.arange(batch_size)[:, None] * (len(x) // batch_size)
        places = (begins + self.time_idx + np.arange(time_size)) % len(x)
        self.time_idx += time_size
        return x[places], t[places]

    def fit(
        self, xs: Any, ts: Any, max_epoch: int = 10, batch_size: int = 20, time_size: int = 35,
        max_grad: float | None = None, eval_interval: int | None = 20,
    ) -> None:  # fmt: skip
        """`max_epoch` passes along the corpus; ValueRangeError where it is shorter than a batch."""
        whole(max_epoch=max_epoch, batch_size=batch_size, time_size=time_size)
        steps, begun = _batches(xs, ts, batch_size * time_size), time.time()
        self.time_idx, self.ppl_list, self.eval_interval = 0, [], eval_interval
        losses: list[Any] = []
        for _ in range(max_epoch):
            for step in range(steps):
                x, t = self.get_batch(xs, ts, batch_size, time_size)
                losses.append(_step(self.model, self.optimizer, x, t, max_grad))
                if self._due(step):
                    self._report(self.ppl_list, losses, (step, steps, begun))
            self.current_epoch += 1

    def plot(self, ylim: Any = None) -> None:
        """The curve of the perplexities, with matplotlib."""
        self._plot(self.ppl_list, ylim)


def remove_duplicate(
    params: Sequence[Array], grads: Sequence[Array]
) -> tuple[list[Any], list[Any]]:
    """Each parameter array once, with the sum of its gradients; transposes of one are that one.

    What is shared is found by its memory, never because two arrays happen to hold equal numbers,
    and the layers' own gradients stay as they are.
    """
    found: list[Any] = []
    sums: list[Any] = []
    for param, grad in zip(params, grads, strict=True):
        for i, other in enumerate(found):
            if param is other or _same(param, other):
                sums[i] = sums[i] + grad
                break
            if is_transpose(param, other):
                sums[i] = sums[i] + grad.T
                break
        else:
            found.append(param)
            sums.append(grad)
    return found, sums


def _same(a: Array, b: Array) -> bool:
    """Two views of the same numbers."""
    return (
        a.shape == b.shape
        and a.strides == b.strides
        and a.__array_interface__["data"][0] == b.__array_interface__["data"][0]
    )
