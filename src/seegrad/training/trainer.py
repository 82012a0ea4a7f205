"""The trainer: mini-batch, gradient, update, again (chapter 5.7), with evaluation each epoch.

Everything that only watches is a callback; files are written by one of them. How a step is made
stands in `stepping`.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from seegrad.data.augmenting import Change
from seegrad.data.prefetching import Prefetch
from seegrad.data.rows import Rows
from seegrad.errors import LOGGER, NonFiniteError, ValueRangeError
from seegrad.i18n import tr
from seegrad.nn.initialisers import random_state, restore_random
from seegrad.nn.losses import SoftmaxWithLoss
from seegrad.nn.module import Module
from seegrad.optim.optimizer import Optimizer
from seegrad.optim.schedules import Schedule
from seegrad.training import evaluation
from seegrad.training.evaluation import Predictor, locate_non_finite, non_finite_loss
from seegrad.training.history import History, Row, row_in_words
from seegrad.training.interrupt import whole_steps
from seegrad.training.plan import Plan, begun, checked, ended, planned
from seegrad.training.saving import (
    put_back,
    put_back_states,
    read_checkpoint,
    save_checkpoint,
    states_of,
)
from seegrad.training.stepping import (
    CompiledSteps,
    Parts,
    batches_of,
    rest_of_pass,
    step_function,
    whole_arrays,
)

Array = NDArray[Any]
EVALUATED_OF_TRAINING = 2000


class Callback:
    """Does nothing; write over what you want to hear of.

    Whoever hears of steps hears of each as it is made, so that it can look at the weights and
    stop the run there. With `afterwards` it may be told of many at once, after they were made.

    >>> import seegrad as sg
    >>> class Told(Callback):
    ...     def on_start(self, trainer, plan):
    ...         self.steps = 0
    ...     def on_step(self, trainer, step, loss):
    ...         self.steps = step
    ...     def on_epoch(self, trainer, row):
    ...         self.row = row
    ...     def on_end(self, trainer):
    ...         print(self.steps, "steps")
    ...     def state_dict(self):
    ...         return {"steps": self.steps}
    ...     def load_state_dict(self, values):
    ...         self.steps = values["steps"]
    >>> net = sg.nn.Sequential(sg.nn.Linear(2, 2))
    >>> rule = sg.optim.SGD(net.parameters(), lr=0.1)
    >>> trainer = sg.training.Trainer(net, rule, callbacks=[Told()])
    >>> history = trainer.fit(sg.data.moons(), epochs=1, batch=100)
    2 steps
    """

    afterwards = False
    shows = False
    """Whether this shows how the run goes, so that nothing else has to."""

    def on_start(self, trainer: Trainer, plan: Plan) -> None:
        """Before the first step: the plan says how many steps and epochs are meant.

        Args:
            trainer: whose run it is.
        """

    def on_step(self, trainer: Trainer, step: int, loss: float) -> None:
        """After each step (numbered from 1), with the loss before it.

        Args:
            trainer: whose run it is.
        """

    def on_epoch(self, trainer: Trainer, row: Row) -> None:
        """After each pass and its evaluation.

        Args:
            trainer: whose run it is.
            row: the numbers of this pass, by name.
        """

    def on_end(self, trainer: Trainer) -> None:
        """After the last step, also when it was interrupted.

        Args:
            trainer: whose run it is.
        """

    def state_dict(self) -> dict[str, Any]:
        """Named arrays that a checkpoint keeps of this callback, so that a resumed run has them."""
        return {}

    def load_state_dict(self, values: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave, before the run goes on."""


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
    >>> x, t = data.moons().x, data.moons().t
    >>> loss = trainer.step(x[:20], t[:20])
    >>> with trainer.last_batch() as loss:
    ...     loss.shape, len(trainer.gradients())
    ((), 4)
    >>> sorted(trainer.evaluate(x, t)), trainer.predict(x).shape, len(history)
    (['accuracy', 'loss'], (200, 2), 3)
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     trainer.resume(trainer.save(f"{folder}/run.safetensors"))
    >>> trainer.stop(f"enough of {len(trainer.latest_losses())} losses")
    >>> trainer.go_on_from(trainer.position())
    """

    shown_by: ClassVar[Any] = None
    """What shows a run where no callback does; `callbacks.progress_bar` puts `progress` here."""

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
        self._compiled, self._predictor = CompiledSteps(), Predictor(eager)
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
        progress: bool = True,
    ) -> History:
        """Train until `epochs` passes or `steps` steps are made, counted from the first `fit`.

        train, test: a Dataset, or a pair (x, t). progress: show a bar on a terminal, or plain lines
        where it is piped, unless a callback shows the run. Ctrl-C ends the run after the step that
        is being made; what was learnt stays. Raises NonFiniteError when the loss is no longer a
        number, ShapeError when x and t do not fit, ValueRangeError for NaN in the inputs.
        """
        x, t = checked(train)
        held_out = None if test is None or not len(test) else checked(test)
        plan = self._plan = planned(len(x), batch, epochs, steps)
        self.stopped, self.fault, self._interrupted = "", None, False
        self.network.train()
        with _watched(self, plan, progress), whole_steps(self._interrupt):
            while self.count < plan.steps and not self.stopped:
                with np.errstate(all="ignore"):
                    self._pass(x, t, plan)
                    self._evaluate(x, t, held_out, plan)
        return self.history

    def step(self, x: Any, t: Any) -> float:
        """One step on one mini-batch; returns the loss before it."""
        made = step_function(*self._parts(), self._finite)(x, t)
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
        with evaluation.differentiated(*self._parts(), *self._latest) as loss:
            yield loss

    def _pass(self, x: Array, t: Array, plan: Plan) -> None:
        """The rest of the pass that the next step belongs to."""
        order = rest_of_pass(plan, self.count, self.seed, self.replace)
        if self.augment is not None or (isinstance(x, Rows) and x.change is not None):
            self._prefetched_steps(x, t, order, plan)
        elif self.eager:
            for rows in order:
                self._latest = x[rows], t[rows]
                if self._made([self.step(*self._latest)]):
                    return
        else:
            self._latest = x[order[-1]], t[order[-1]]
            x, t, order = whole_arrays(x, t, order)
            alone = self.schedule is not None or self._heard()
            for some in ([rows] for rows in order) if alone else [order]:
                self._compiled_steps(x, t, some)
                if self.stopped:
                    return

    def _prefetched_steps(self, x: Array, t: Array, order: Sequence[Any], plan: Plan) -> None:
        """A step for each of these mini-batches, each made while the one before is used."""
        made = batches_of(x, t, order, self.augment, self.seed, *divmod(self.count, plan.per_epoch))
        with Prefetch(made) as ready:
            for batch, labels in ready:
                self._latest = batch, labels
                if self.eager:
                    self._made([self.step(batch, labels)])
                else:
                    self._compiled_steps(batch, labels, [np.arange(len(batch))])
                if self.stopped:
                    return

    def _parts(self) -> Parts:
        return self.network, self.optimizer, self.loss

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
            self._compiled(self._parts(), x, t, order, made)
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
        for loss in (evaluation.reported(self.loss, float(value)) for value in losses):
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
        LOGGER.info(row_in_words(row))
        for callback in self.callbacks:
            callback.on_epoch(self, row)

    # ------------------------------------------------------------- evaluation

    def evaluate(self, x: Any, t: Any) -> dict[str, float]:
        """Loss over all examples, and accuracy where the targets are classes."""
        return evaluation.scores(self.loss, self.predict(x), t)

    def predict(self, x: Any) -> Array:
        """The network's outputs for all rows of x, a thousand at a time, in evaluation mode.

        Compiled where there is much to do, unless the trainer is eager.
        """
        return self._predictor(self.network, x)

    # ------------------------------------------------------------- stopping

    def stop(self, why: str) -> None:
        """End the run after the step that is being made; `why`: in a few words."""
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
        """Take over where another run stood: what `position` gave."""
        self.count, self.seed = int(position["count"]), int(position["seed"])
        self.history = History(list(position["rows"]), list(position["losses"]))
        if self.schedule is not None and position.get("schedule") is not None:
            self.schedule.load_state_dict(position["schedule"])
        if position.get("random") is not None:
            restore_random(position["random"])

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write a checkpoint to `path`: values, optimizer, schedule, callbacks, position."""
        more = states_of(self.callbacks)
        return save_checkpoint(path, self.network, self.optimizer, self.position(), more)

    def resume(self, path: str | os.PathLike[str]) -> None:
        """Go on from a checkpoint as if the run had never stopped.

        Network, optimizer, schedule and callbacks have to be made as they were; names or shapes
        that differ from those in `path` are refused, as are other settings (ValueRangeError), and
        nothing changes then.
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
        put_back_states(self.callbacks, checkpoint.more)

    def latest_losses(self) -> list[float]:
        """The losses of the epoch that the latest step belongs to, step by step."""
        per_epoch = self._plan.per_epoch if self._plan else 1
        return self.history.losses[-((self.count - 1) % per_epoch + 1) :]

    def _interrupt(self) -> None:
        """Ctrl-C came: the run ends after the step that is being made."""
        self._interrupted = True

    def _not_finite(self, value: float, told: NonFiniteError | None = None) -> NonFiniteError:
        """What ends the run; `told` is what native code says of where it came up."""
        parts = self.network, self.loss
        found = None if self._latest is None else locate_non_finite(*parts, *self._latest)
        lr = float(self.optimizer.lr.item())
        self.fault = non_finite_loss(value, self.count + 1, lr, found or told)
        return self.fault


@contextmanager
def _watched(trainer: Trainer, plan: Plan, progress: bool) -> Iterator[None]:
    """Those who follow a run are told of its beginning and end, with one who shows it."""
    show, shown = trainer.shown_by, []
    if progress and show is not None and not any(c.shows for c in trainer.callbacks):
        shown = [show()]
    trainer.callbacks[:0] = shown
    LOGGER.info(begun(plan, trainer.count))
    for callback in trainer.callbacks:
        callback.on_start(trainer, plan)
    try:
        yield
    finally:
        for callback in trainer.callbacks:
            callback.on_end(trainer)
        trainer.callbacks = [c for c in trainer.callbacks if c not in shown]
        LOGGER.info(ended(trainer.count, trainer.stopped))
