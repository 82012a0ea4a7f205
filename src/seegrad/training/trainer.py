"""The trainer: mini-batch, gradient, update, again (chapter 5.7), with evaluation each epoch.

Everything that only watches is a callback; files are written by one of them.
"""

from __future__ import annotations

import math
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.compiler.compile import Compiled
from seegrad.data.augmenting import Change
from seegrad.data.normalising import blocks
from seegrad.data.prefetching import Prefetch
from seegrad.data.rows import Rows, by_rows
from seegrad.data.sampling import batch_rows
from seegrad.errors import NonFiniteError, ShapeError, ValueRangeError
from seegrad.graph.mode import in_mode
from seegrad.i18n import tr, translate
from seegrad.nn.initialisers import random_state, restore_random
from seegrad.nn.losses import SoftmaxWithLoss
from seegrad.nn.module import Module
from seegrad.optim.optimizer import Optimizer
from seegrad.optim.schedules import Schedule
from seegrad.training.callbacks import Callback
from seegrad.training.history import History, Row
from seegrad.training.saving import put_back, read_checkpoint, save_checkpoint
from seegrad.transforms.debugging import debug

Array = NDArray[Any]
EVALUATED_AT_ONCE = 1000
EVALUATED_OF_TRAINING = 2000


@dataclass(frozen=True)
class Plan:
    """What a call of `fit` is meant to do."""

    examples: int
    batch: int
    steps: int
    per_epoch: int

    @property
    def epochs(self) -> int:
        """The number of passes, the last perhaps cut short."""
        return -(-self.steps // self.per_epoch)


class Trainer:
    """Trains a network.

    network, optimizer: over the same parameters. loss: takes outputs and targets, gives one
    number (default: softmax with cross-entropy). callbacks: told what happens. seed: of the order
    of examples; epoch e always sees the order drawn from (seed, e), so that a resumed run goes
    on as if it had never stopped. replace: draw each mini-batch anew from all examples, as the
    book does. eager: step by step through NumPy instead of whole compiled passes; the same losses
    to rounding. schedule: of the learning rate, told of every step. augment: changes each
    mini-batch (not what is evaluated), in a thread that runs ahead; drawn from (seed, epoch, step).

    >>> from seegrad import data, nn, optim
    >>> net = nn.Sequential(nn.Affine(2, 8), nn.ReLU(), nn.Affine(8, 2))
    >>> trainer = Trainer(net, optim.SGD(net.parameters(), lr=0.5))
    >>> history = trainer.fit(data.moons(), epochs=3, batch=20)
    >>> len(history)
    3
    """

    def __init__(
        self,
        network: Module,
        optimizer: Optimizer,
        loss: Any = None,
        callbacks: Sequence[Callback] = (),
        seed: int = 0,
        replace: bool = False,
        schedule: Schedule | None = None,
        eager: bool = False,
        augment: Change | None = None,
    ) -> None:
        self.network, self.optimizer = network, optimizer
        self.loss = SoftmaxWithLoss() if loss is None else loss
        self.callbacks = list(callbacks)
        self.seed, self.replace, self.schedule = seed, replace, schedule
        self.eager, self.augment = eager, augment
        self._native: tuple[tuple[Module, Optimizer, Any], Compiled] | None = None
        self._latest: tuple[Array, Array] | None = None
        self.history = History()
        self.count = 0
        """Steps made so far, over all calls of `fit`."""
        self.stopped = ""
        """Why the run ended before its plan; empty when it did not."""
        self.fault: NonFiniteError | None = None
        """What ended the run when its loss stopped being a number."""
        self._interrupted = False
        self._plan: Plan | None = None

    @property
    def failed(self) -> bool:
        """Did the loss stop being a number? Then the weights are worth nothing."""
        return self.fault is not None

    # ------------------------------------------------------------- the four steps

    def fit(
        self,
        train: Any,
        test: Any = None,
        epochs: int | None = None,
        batch: int = 100,
        steps: int | None = None,
    ) -> History:
        """Train until `epochs` passes or `steps` steps are made, counted from the first `fit`.

        train, test: a Dataset, or a pair (x, t). Ctrl-C ends the run after the step that is being
        made; what was learnt stays. Raises NonFiniteError when the loss is no longer a number,
        ShapeError when x and t do not fit, ValueRangeError for NaN in the inputs.
        """
        x, t = checked(train)
        held_out = None if test is None or not len(test) else checked(test)
        plan = self._plan = self._planned(len(x), batch, epochs, steps)
        self.stopped, self.fault, self._interrupted = "", None, False
        self.network.train()
        for callback in self.callbacks:
            callback.on_start(self, plan)
        try:
            with self._whole_steps(), np.errstate(all="ignore"):
                while self.count < plan.steps and not self.stopped:
                    self._pass(x, t, plan)
                    self._evaluate(x, t, held_out, plan)
        finally:
            for callback in self.callbacks:
                callback.on_end(self)
        return self.history

    def step(self, x: Any, t: Any) -> float:
        """One step on one mini-batch; returns the loss before it."""
        made = _step_of(*self._parts(), self._finite)(x, t)
        if self.schedule is not None:
            self.schedule.step()
        return float(made.item())

    def gradients(self) -> dict[str, Array]:
        """The gradient of the loss by every parameter, on the last mini-batch of the last pass.

        At the weights as they are now, in evaluation mode, so that looking changes nothing; empty
        before the first pass.
        """
        with self.last_batch() as loss:
            named = [] if loss is None else self.network.named_parameters()
            return {name: np.array(p.grad) for name, p in named if p.grad is not None}

    @contextmanager
    def last_batch(self) -> Iterator[Any]:
        """The loss on the last mini-batch of the last pass, differentiated, to be looked at.

        At the weights as they are now, in evaluation mode; None before the first pass. What the
        parameters' gradients were is put back afterwards.
        """
        if self._latest is None:
            yield None
            return
        x, t = self._latest
        named = self.network.named_parameters()
        before, mode = [p.grad for _, p in named], self.network.training
        self.network.eval()
        try:
            self.optimizer.zero_grad()
            loss = self.loss(self.network(x), t)
            loss.backward()
            yield loss
        finally:
            self.network.train(mode)
            for (_, p), gradient in zip(named, before):
                p.grad = gradient

    def _pass(self, x: Array, t: Array, plan: Plan) -> None:
        """The rest of the pass that the next step belongs to."""
        epoch, done = divmod(self.count, plan.per_epoch)
        seed = int(np.random.SeedSequence([self.seed, epoch]).generate_state(1)[0])
        order = [*batch_rows(len(x), plan.batch, seed, replace=self.replace)]
        order = order[done : done + plan.steps - self.count]
        if self.augment is not None or (isinstance(x, Rows) and x.change is not None):
            self._fed_steps(x, t, order, epoch, done)
        elif self.eager:
            for rows in order:
                self._latest = x[rows], t[rows]
                if self._made([self.step(*self._latest)]):
                    return
        else:
            self._latest = x[order[-1]], t[order[-1]]
            x, t, order = _where_it_lies(x, t, order)
            alone = self.schedule is not None or self._heard()
            for some in ([rows] for rows in order) if alone else [order]:
                self._compiled_steps(x, t, some)
                if self.stopped:
                    return

    def _fed_steps(self, x: Array, t: Array, order: Sequence[Any], epoch: int, done: int) -> None:
        """A step for each of these mini-batches, each made while the one before is used."""
        change = self.augment

        def made() -> Iterator[tuple[Array, Array]]:
            for number, rows in enumerate(order, start=done):
                chance = np.random.default_rng([self.seed, epoch, number])
                yield x[rows] if change is None else change(x[rows], chance), t[rows]

        with Prefetch(made()) as ready:
            for batch, labels in ready:
                self._latest = batch, labels
                if self.eager:
                    self._made([self.step(batch, labels)])
                else:
                    self._compiled_steps(batch, labels, [np.arange(len(batch))])
                if self.stopped:
                    return

    def _parts(self) -> tuple[Module, Optimizer, Any]:
        return self.network, self.optimizer, self.loss

    def _compiled(self) -> Compiled:
        """The step in native code, of the network, optimizer and loss that there are now."""
        parts = self._parts()
        if self._native is None or any(a is not b for a, b in zip(self._native[0], parts)):
            self._native = parts, Compiled(_step_of(*parts), None)
        return self._native[1]

    def _finite(self, loss: Any) -> None:
        """NonFiniteError when the loss of a step is no number: the update is not made then."""
        value = float(loss.item())
        if not math.isfinite(value):
            raise self._not_finite(value)

    def _compiled_steps(self, x: Array, t: Array, order: Sequence[Any]) -> None:
        """A step for each of these mini-batches, in native code."""
        schedule, before = self.schedule, self.count

        def made(_: int, losses: Any) -> bool:
            if schedule is not None:
                schedule.step()
            return self._made(losses)

        try:
            self._compiled().epoch(x, t, batch=1, rows=order, finite=True, progress=made)
        except NonFiniteError as error:
            rows = order[self.count - before]
            self._latest = x[rows], t[rows]
            raise self._not_finite(float("nan"), error) from error

    def _heard(self) -> bool:
        """Whether a callback wants to hear of each step as it is made."""
        return any(
            type(c).on_step is not Callback.on_step and not c.afterwards for c in self.callbacks
        )

    def _made(self, losses: Any) -> bool:
        """Note steps that were made; whether the run is to stop."""
        for loss in map(float, losses):
            self.count += 1
            self.history.losses.append(loss)
            for callback in self.callbacks:
                callback.on_step(self, self.count, loss)
        if self._interrupted:
            self.stop(tr("interrupted"))
        return bool(self.stopped)

    def _evaluate(self, x: Array, t: Array, held_out: Any, plan: Plan) -> None:
        """Close an epoch: its row of numbers, told to the callbacks."""
        row: Row = {
            "epoch": -(-self.count // plan.per_epoch),
            "step": self.count,
            "loss": float(np.mean(self.latest_losses())),
            "lr": float(self.optimizer.lr.item()),
        }
        few = slice(0, EVALUATED_OF_TRAINING)
        for part, data in (("train", (x[few], t[few])), ("test", held_out)):
            if data is not None:
                found = self.evaluate(*data)
                row.update({f"{part}_{name}": value for name, value in found.items()})
        if self.history.last.get("epoch") == row["epoch"]:
            self.history.rows.pop()
        self.history.add(row)
        for callback in self.callbacks:
            callback.on_epoch(self, row)

    # ------------------------------------------------------------- evaluation

    def evaluate(self, x: Any, t: Any) -> dict[str, float]:
        """Loss over all examples, and accuracy where the targets are classes."""
        outputs = self.predict(x)
        t = np.asarray(t)
        with in_mode(recording=False):
            found = {"loss": float(np.asarray(self.loss(outputs, t)))}
        classes = t.argmax(axis=-1) if t.ndim == outputs.ndim and t.ndim > 1 else t
        if outputs.ndim == 2 and outputs.shape[1] > 1 and isinstance(self.loss, SoftmaxWithLoss):
            found["accuracy"] = float((outputs.argmax(axis=1) == classes).mean())
        return found

    def predict(self, x: Any) -> Array:
        """The network's outputs for all rows of x, a thousand at a time, in evaluation mode."""
        x = by_rows(x)
        mode = self.network.training
        self.network.eval()
        try:
            with in_mode(recording=False):
                parts = [
                    np.asarray(self.network(x[start : start + EVALUATED_AT_ONCE]))
                    for start in range(0, max(len(x), 1), EVALUATED_AT_ONCE)
                ]
        finally:
            self.network.train(mode)
        return np.concatenate(parts)

    # ------------------------------------------------------------- stopping

    def stop(self, why: str) -> None:
        """End the run after the step that is being made."""
        self.stopped = self.stopped or why

    def position(self) -> dict[str, Any]:
        """Where the run stands, for a checkpoint."""
        return {
            "count": self.count,
            "seed": self.seed,
            "rows": self.history.rows,
            "losses": self.latest_losses(),
            "schedule": None if self.schedule is None else self.schedule.state_dict(),
            "random": random_state(),
        }

    def go_on_from(self, position: dict[str, Any]) -> None:
        """Take over where another run stood."""
        self.count, self.seed = int(position["count"]), int(position["seed"])
        self.history = History(list(position["rows"]), list(position["losses"]))
        if self.schedule is not None and position.get("schedule") is not None:
            self.schedule.load_state_dict(position["schedule"])
        if position.get("random") is not None:
            restore_random(position["random"])

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write a checkpoint: values, optimizer, schedule, random state, callbacks, position."""
        more = {
            f"{type(callback).__name__}/{name}": value
            for callback in self.callbacks
            for name, value in callback.state_dict().items()
        }
        return save_checkpoint(path, self.network, self.optimizer, self.position(), more)

    def resume(self, path: str | os.PathLike[str]) -> None:
        """Go on from a checkpoint as if the run had never stopped.

        Network, optimizer, schedule and callbacks have to be made as they were; names or shapes
        that differ are refused, and nothing changes then.
        """
        checkpoint = read_checkpoint(path)
        kept = checkpoint.position.get("schedule")
        if (kept is None) != (self.schedule is None):
            raise ValueRangeError(
                tr("the run was started with other settings"),
                asked=f"schedule={kept}",
                came=f"schedule={self.schedule and self.schedule.state_dict()}",
                hint=tr("give the same settings, or start a new run"),
            )
        put_back(checkpoint, self.network, self.optimizer)
        self.go_on_from(checkpoint.position)
        for callback in self.callbacks:
            start = f"{type(callback).__name__}/"
            own = {
                name.removeprefix(start): value
                for name, value in checkpoint.more.items()
                if name.startswith(start)
            }
            if own:
                callback.load_state_dict(own)

    def latest_losses(self) -> list[float]:
        """The losses of the epoch that the latest step belongs to, step by step."""
        per_epoch = self._plan.per_epoch if self._plan else 1
        return self.history.losses[-((self.count - 1) % per_epoch + 1) :]

    @contextmanager
    def _whole_steps(self) -> Iterator[None]:
        """Let the first Ctrl-C wait for the end of the step; a second one acts at once."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def note(number: int, place: Any) -> None:
            self._interrupted = True
            signal.signal(signal.SIGINT, before)

        before = signal.signal(signal.SIGINT, note)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _planned(self, examples: int, batch: int, epochs: int | None, steps: int | None) -> Plan:
        if (epochs is None) == (steps is None):
            epochs = 10 if epochs is None else epochs
            if steps is not None:
                raise ValueRangeError(
                    tr("the length of a run is told in epochs or in steps"),
                    asked=tr("one of the two"),
                    came=f"epochs={epochs}, steps={steps}",
                )
        for name, value in (("batch", batch), ("epochs", epochs), ("steps", steps)):
            if value is not None and value < 1:
                raise ValueRangeError(
                    tr("{name} counts something, so it starts at {least}", name=name, least=1),
                    asked=f"{name} ≥ 1",
                    came=f"{name}={value}",
                )
        per_epoch = -(-examples // batch)
        total = steps if steps is not None else (epochs or 0) * per_epoch
        return Plan(examples, batch, total, per_epoch)

    def _not_finite(self, value: float, told: NonFiniteError | None = None) -> NonFiniteError:
        """What ends the run, with the operation in which it came up, for the picture; `told` is
        what native code says of it."""
        birth = self._birth() or told
        born = "" if birth is None else translate(birth.problem)
        self.fault = NonFiniteError(
            tr("the loss is {value} at step {step}", value=value, step=self.count + 1),
            asked=tr("a finite loss"),
            came="; ".join(filter(None, (born, f"lr={self.optimizer.lr.item():g}"))),
            hint=tr("take a smaller learning rate; sg.debug() finds where it was born"),
        )
        return self.fault if birth is None else self.fault.of(birth.operation, birth.inputs)

    def _birth(self) -> NonFiniteError | None:
        """Where the last mini-batch gives birth to a NaN or infinity, computed once more."""
        if self._latest is None:
            return None
        x, t = self._latest
        state, chance = self.network.state_dict(), random_state()
        try:
            with debug():
                self.loss(self.network(x), t)
        except NonFiniteError as error:
            return error
        finally:
            self.network.load_state_dict(state)
            restore_random(chance)
        return None


def _step_of(
    network: Module, optimizer: Optimizer, loss: Any, look: Callable[[Any], None] | None = None
) -> Callable[[Any, Any], Any]:
    """A step as a function of its mini-batch, as it is made and as it is compiled.

    It captures these and not the trainer, whose counts change at every step. look: sees the loss
    before it is differentiated; compiled steps are watched by the machine that runs them.
    """

    def step(x: Any, t: Any) -> Any:
        optimizer.zero_grad()
        value = loss(network(x), t)
        if look is not None:
            look(value)
        value.backward()
        optimizer.step()
        return value

    return step


def _where_it_lies(x: Any, t: Array, order: list[Any]) -> tuple[Any, Array, list[Any]]:
    """Inputs, targets and rows for native code: the whole array of a set that is on the disk."""
    if not isinstance(x, Rows):
        return x, t, order
    whole = np.zeros((len(x.base), *t.shape[1:]), t.dtype)
    whole[x.numbers] = t
    return x.base, whole, [x.numbers[rows] for rows in order]


def checked(data: Any) -> tuple[Array, Array]:
    """Inputs and targets as arrays with equal numbers of rows and finite inputs.

    Raises ShapeError or ValueRangeError.
    """
    x, t = map(by_rows, data)
    if x.ndim and not len(x):
        raise ShapeError(
            tr("there are no rows to learn from, or to try out"),
            asked=tr("at least one example"),
            came=f"x {x.shape}, t {t.shape}",
        )
    if x.ndim == 0 or t.ndim == 0 or len(x) != len(t):
        raise ShapeError(
            tr("inputs and targets do not have the same number of rows"),
            asked=tr("x and t with one row for each example"),
            came=f"x {x.shape}, t {t.shape}",
            hint=tr("pass one target for each row of x"),
        )
    for name, part in (("x", x), ("t", t)):
        if part.dtype.kind != "f":
            continue
        starts = blocks(part)  # one block in memory at a time: the whole may lie on the disk
        for start in starts:
            finite = np.isfinite(part[start : start + starts.step])
            if finite.all():
                continue
            where = np.argwhere(~finite)[0]
            where[0] += start
            raise ValueRangeError(
                tr("{name} holds a value that is not finite", name=name),
                asked=tr("numbers without NaN and infinity"),
                came=f"{name}[{', '.join(map(str, where))}] = {part[tuple(where)]}",
                hint=tr("drop or fill the missing values first"),
            )
    return x, t
