"""A run told on one page that needs no network: `report.html` in the run's folder.

A callback that notes the gradients' norms as the run goes, and at its end writes curves,
confusions, the worst mistakes, the graph of the last mini-batch and a gradient check; of a run
whose loss stopped being a number, what there was until then, and where that came up. Charts are
drawn in `charts`; nothing is trained here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.data.dataset import Dataset
from seegrad.drawing.export.reading import Live, place, reading_page
from seegrad.drawing.scene.build import build_scene
from seegrad.drawing.scene.error_scene import scene_of_error
from seegrad.drawing.scene.scene import Scene
from seegrad.drawing.values.summary import shown
from seegrad.drawing.values.user_text import escape
from seegrad.files import write_whole
from seegrad.graph.mode import in_mode
from seegrad.i18n import language, translate
from seegrad.training.evaluation import in_units
from seegrad.training.history import Row
from seegrad.training.network_check import check_network
from seegrad.training.plan import Plan
from seegrad.training.report.charts import (
    MOST_CELLS,
    Curve,
    Words,
    both,
    confusions,
    curves,
    picture,
    plainly,
    points,
    spoken,
)
from seegrad.training.run_directory import RunFolder
from seegrad.training.trainer import Callback, Trainer

REPORT = "report.html"
MOST_MOMENTS = 200
WORST = 12
CHECKED = 25
MOST_EVALUATED = 10_000
MOST_LINES = 8

Array = NDArray[Any]


class Report(Callback):
    """Writes `report.html` into the folder when the run ends, however it ends.

    train, test: the data; mistakes are looked for in `test`, or in `train` where that is empty.
    settings: what the run was made of, shown at the head of the page.

    >>> import seegrad as sg
    >>> import tempfile
    >>> import seegrad as sg
    >>> net, moons = sg.nn.Sequential(sg.nn.Linear(2, 2)), sg.data.moons()
    >>> parent = tempfile.TemporaryDirectory()
    >>> report = Report(sg.training.RunFolder(parent.name), moons)
    >>> rule = sg.optim.SGD(net.parameters(), lr=0.1)
    >>> trainer = sg.training.Trainer(net, rule, callbacks=[report])
    >>> history = trainer.fit(moons, epochs=1, progress=False)
    >>> report.note(1, trainer.gradients())
    >>> report.page(trainer)[:15]
    '<!doctype html>'
    >>> parent.cleanup()
    """

    afterwards = True

    def __init__(
        self,
        folder: RunFolder,
        train: Dataset,
        test: Dataset | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.folder, self.train = folder, train
        self.test = test if test is not None and len(test) else train
        self.settings = dict(settings or {})
        self.steps: list[float] = []
        self.norms: dict[str, list[float]] = {}
        self.every, self.meant = 1, 0

    def on_start(self, trainer: Trainer, plan: Plan) -> None:
        self.every, self.meant = max(1, -(-plan.epochs // MOST_MOMENTS)), plan.steps

    def on_epoch(self, trainer: Trainer, row: Row) -> None:
        last = trainer.count >= self.meant  # noted at the end, with the graph
        if not last and (row["epoch"] == 1 or row["epoch"] % self.every == 0):
            self.note(trainer.count, trainer.gradients())

    def note(self, step: int, gradients: Mapping[str, Array]) -> None:
        """Keep the norm of each layer's gradient as it is now.

        Args:
            step: its number.
            gradients: by the names of the parameters.
        """
        squares: dict[str, float] = {}
        for name, gradient in gradients.items():
            layer = name.rpartition(".")[0] or name
            square = float(np.square(gradient, dtype=np.float64).sum())
            squares[layer] = squares.get(layer, 0.0) + square
        if squares and (not self.steps or self.steps[-1] != step):
            self.steps.append(float(step))
            for layer, square in squares.items():
                self.norms.setdefault(layer, []).append(math.sqrt(square))

    def on_end(self, trainer: Trainer) -> None:
        if trainer.count or trainer.failed:
            write_whole(self.folder.make().path / REPORT, self.page(trainer))

    def state_dict(self) -> dict[str, Any]:
        return {"steps": np.array(self.steps), **{
            f"norms.{layer}": np.array(norms) for layer, norms in self.norms.items()
        }}  # fmt: skip

    def load_state_dict(self, values: Mapping[str, Any]) -> None:
        self.steps = [float(step) for step in values["steps"]]
        self.norms = {
            name.removeprefix("norms."): [float(norm) for norm in norms]
            for name, norms in values.items()
            if name.startswith("norms.")
        }

    # ------------------------------------------------------------- the page

    def page(self, trainer: Trainer) -> str:
        """The whole page.

        Args:
            trainer: whose run it is.
        """
        scene = self._last_batch(trainer)
        live = Live(scene)
        sections = [
            self._head(trainer),
            _section(both("Loss and accuracy"), *self._curves(trainer)),
            *(() if trainer.failed else self._mistakes(trainer)),
            _section(*_told_of(trainer, scene), place("graph", "graph", live)),
            _section(
                both("Norms of the gradients, layer by layer"),
                _line(both("A layer whose line sinks learns slower and slower; one that climbs "
                           "without end explodes.")),
                self._norms(),
            ),
            "" if trainer.failed else self._check(trainer),
        ]  # fmt: skip
        return _assembled(self.test.name, "\n".join(sections), live)

    def _last_batch(self, trainer: Trainer) -> Scene:
        """The graph of the last mini-batch; its gradients' norms are noted on the way. Of a run
        that failed in an operation, the graph up to that one."""
        fault = trainer.fault
        if fault is not None and fault.operation is not None:
            return scene_of_error(fault)
        with np.errstate(all="ignore"), trainer.last_batch() as loss:
            if loss is None:
                return Scene()
            named = trainer.network.named_parameters()
            if fault is None:
                self.note(trainer.count, {n: p.grad for n, p in named if p.grad is not None})
            loss.name = loss.name or "L"
            return build_scene(loss, language=language(), live=True)

    def _head(self, trainer: Trainer) -> str:
        last = trainer.history.last
        facts: list[tuple[Words, str]] = [
            (both(words), f"{last[name]:.4f}" if abs(last[name]) < 1e4 else shown(last[name]))
            for name, words in (
                ("test_accuracy", "test accuracy"),
                ("train_accuracy", "training accuracy"),
                ("test_r2", "R² on the test data"),
                ("test_mae", "mean absolute error on the test data"),
                ("test_loss", "test loss"),
                ("loss", "loss"),
            )
            if name in last
        ]
        facts.append((both("steps"), f"{trainer.count:,}"))
        facts.append((both("parameters"), f"{trainer.network.count():,}"))
        rows = "".join(f"<div><dt>{spoken(k)}</dt><dd>{escape(v)}</dd></div>" for k, v in facts)
        more = " · ".join(f"{name} {_plain(value)}" for name, value in self.settings.items())
        why = trainer.stopped if trainer.fault is None else translate(trainer.fault.problem)
        stopped = f'<p class="bad">{escape(why)}</p>' if why else ""
        return f'<dl class="facts">{rows}</dl>{stopped}<p class="settings">{escape(more)}</p>'

    def _curves(self, trainer: Trainer) -> Iterator[str]:
        history = trainer.history
        steps = history["step"]
        for title, names in (
            (both("loss"), ("loss", "test_loss")),
            (both("accuracy"), ("train_accuracy", "test_accuracy")),
        ):
            parts = zip(names, (both("training data"), both("test data")), ("first", "second"))
            lines = [
                Curve(words, steps, history[name], kind)
                for name, words, kind in parts
                if any(name in row for row in history)
            ]
            if lines:
                wild = trainer.failed and names[0] == "loss"
                yield _figure(title, curves(lines, title, both("steps"), log=wild))
        if trainer.failed and (losses := trainer.latest_losses()):
            title = both("the loss of the last steps")
            first = trainer.count - len(losses) + 1.0
            steps = [first + i for i in range(len(losses))]
            line = Curve(both("training data"), steps, losses, "first")
            yield _figure(title, curves([line], title, both("steps"), log=True))

    def _norms(self) -> str:
        layers = list(self.norms)
        chosen = layers if len(layers) <= MOST_LINES else [
            layers[round(i * (len(layers) - 1) / (MOST_LINES - 1))] for i in range(MOST_LINES)
        ]  # fmt: skip
        lines = [
            Curve(plainly(layer[:12]), self.steps, self.norms[layer], f"layer l{i}")
            for i, layer in enumerate(chosen)
        ]
        title = both("norm of the gradient")
        return _figure(title, curves(lines, title, both("steps"), log=True))

    # ------------------------------------------------------------- mistakes

    def _mistakes(self, trainer: Trainer) -> Iterator[str]:
        some = self.test.take(slice(0, MOST_EVALUATED))
        outputs = np.asarray(trainer.predict(some.x), np.float64)
        if self.test.classes and outputs.ndim == 2 and outputs.shape[1] == len(self.test.classes):
            yield from self._classes(some, outputs)
        else:
            true = np.asarray(some.t, np.float64).reshape(len(outputs), -1)
            yield from self._numbers(*(in_units(trainer.loss, part) for part in (true, outputs)))

    def _classes(self, data: Dataset, scores: Array) -> Iterator[str]:
        answers, names = scores.argmax(axis=1), data.classes
        true = data.t.astype(np.int64) if data.t.ndim == 1 else data.t.argmax(axis=1)
        shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
        sure = shifted / shifted.sum(axis=1, keepdims=True)
        wrong = np.flatnonzero(answers != true)
        words = both("{wrong} of {count} are wrong", wrong=len(wrong), count=len(true))
        if len(names) <= MOST_CELLS:
            counts = np.zeros((len(names), len(names)), np.int64)
            np.add.at(counts, (true, answers), 1)
            title = both("Confusions")
            yield _section(title, _line(words), confusions(counts, names, title))
        worst = wrong[np.argsort(sure[wrong, true[wrong]], kind="stable")][:WORST]
        title, cards = both("The worst mistakes"), []
        for i in worst:
            share = f"{sure[i, answers[i]]:.0%}"
            caption = f"{names[true[i]]} → {names[answers[i]]} · {share}"
            example = _example(data, i, caption)
            cards.append(f"<figure>{example}<figcaption>{escape(caption)}</figcaption></figure>")
        shown_ones = _line(both("There are none.")) if not cards else (
            _line(both("What it is → what was predicted, and with which probability; the largest "
                       "losses first."))
            + f'<div class="cards">{"".join(cards)}</div>'
        )  # fmt: skip
        if data.x.ndim == 2 and data.x.shape[1] == 2:
            shown_ones = points(data.x, answers.tolist(), answers != true, title) + _line(
                both("Each point has the colour of its prediction; the wrong ones are ringed.")
            )
        yield _section(title, shown_ones)

    def _numbers(self, true: Array, outputs: Array) -> Iterator[str]:
        """Of numbers that were fitted: the rows that are farthest off."""
        off = np.abs(outputs.reshape(true.shape) - true)
        worst = np.argsort(-off.max(axis=1), kind="stable")[:WORST]
        rows = "".join(
            f"<tr><td>{i}</td><td>{_row(true[i])}</td><td>{_row(outputs[i].ravel())}</td>"
            f"<td>{shown(float(off[i].max()))}</td></tr>"
            for i in worst
        )
        heads = (both("row"), both("true"), both("predicted"), both("off by"))
        head = "".join(f"<th>{spoken(words)}</th>" for words in heads)
        yield _section(both("The worst mistakes"), f"<table><tr>{head}</tr>{rows}</table>")

    # ------------------------------------------------------------- the gradient check

    def _check(self, trainer: Trainer) -> str:
        with in_mode(recording=True):
            reports = check_network(
                trainer.network, trainer.loss, self.train.x[:3], self.train.t[:3], most=CHECKED
            )
        heads = ("parameter", "compared", "largest relative error", "right?")
        head = "".join(f"<th>{spoken(both(words))}</th>" for words in heads)
        rows = []
        for name, report in reports.items():
            verdict = "✓" if report else "✗"
            kinks = f" ∠{len(report.kinks)}" if report.kinks else ""
            rows.append(
                f"<tr><td>{escape(name)}</td><td>{report.compared}</td>"
                f'<td>{report.max_error:.1e}</td><td class="{"good" if report else "bad"}">'
                f"{verdict}{kinks}</td></tr>"
            )
        return _section(
            both("The gradient check"),
            _line(both("Backpropagation against central differences, in float64, on three "
                       "examples; ∠ counts places at a kink.")),
            f"<table><tr>{head}</tr>{''.join(rows)}</table>",
        )  # fmt: skip


# --------------------------------------------------------------- pieces of HTML


def _told_of(trainer: Trainer, scene: Scene) -> tuple[Words, str]:
    """What stands over the graph: a title and a line."""
    if not trainer.failed:
        said = both("Every number and derivative is of the weights as they are at the end.")
        return both("The graph of the last mini-batch"), _line(said)
    born = any(box.kind == "culprit" for box in scene.boxes)
    said = both(
        "The mini-batch that failed, up to the operation that turned numbers into NaN or infinity."
        if born
        else "The mini-batch that failed; the NaN or infinity came in with the weights."
    )
    return both("Where NaN or infinity came up"), _line(said)


def _section(title: Words, *parts: str) -> str:
    return f"<section><h2>{spoken(title)}</h2>{''.join(parts)}</section>"


def _figure(title: Words, drawing: str) -> str:
    return f"<figure class='chart' tabindex='0'>{spoken(title, 'figcaption')}{drawing}</figure>"


def _line(words: Words) -> str:
    return f"<p>{spoken(words)}</p>"


def _plain(value: Any) -> str:
    return "-".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def _row(values: Array) -> str:
    some = ", ".join(shown(float(x)) for x in values[:6])
    return f"{some}, …" if len(values) > 6 else some


def _example(data: Dataset, row: int, name: str) -> str:
    """One example: as a picture where it is one, else its first numbers."""
    x = data.x[row]
    if data.image is not None and x.size == data.image[0] * data.image[1]:
        return picture(x.reshape(data.image), name)
    return f"<p class='row'>{escape(_row(x.ravel()))}</p>"


def _file(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text("utf-8")


def _assembled(name: str, body: str, live: Live) -> str:
    """The page around its sections."""
    words = both("Training report: {name}", name=name)
    return reading_page(
        lang=language(),
        kind="report",
        titles=words,
        sheet=_file("report.css"),
        body=f"<h1>{spoken(words)}</h1>\n{body}",
        lives={"graph": live},
    )
