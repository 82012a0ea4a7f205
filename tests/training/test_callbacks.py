"""Runs as others read them: TensorBoard's own reader, and the doors of W&B and MLflow."""

from __future__ import annotations

import io
import logging
import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from seegrad import data, nn, optim
from seegrad.cli import main
from seegrad.errors import MissingExtraError
from seegrad.training import Lines, MLflow, TensorBoard, Trainer, WandB


def trained(*callbacks, epochs=3):
    net = nn.Sequential(nn.Affine(2, 4), nn.Tanh(), nn.Affine(4, 2))
    trainer = Trainer(net, optim.SGD(net.parameters(), lr=0.1), callbacks=callbacks)
    trainer.fit(data.xor(), data.xor(), epochs=epochs, batch=20)
    return trainer


def read(folder):
    reader = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator",
        reason="tensorboard is not installed",
    )
    events = reader.EventAccumulator(str(folder), size_guidance={"histograms": 0, "scalars": 0})
    return events.Reload()


def test_tensorboards_reader_finds_scalars_and_histograms(tmp_path):
    pytest.importorskip("tensorboardX", reason="tensorboardX is not installed")
    trainer = trained(TensorBoard(tmp_path, each=1))
    events = read(tmp_path)
    assert {"step/loss", "loss", "lr", "test/loss", "test/accuracy"} <= {*events.Tags()["scalars"]}
    steps = events.Scalars("step/loss")
    assert [one.step for one in steps] == list(range(1, trainer.count + 1))
    np.testing.assert_allclose([one.value for one in steps], trainer.history.losses, rtol=1e-6)
    losses = [one.value for one in events.Scalars("test/loss")]
    np.testing.assert_allclose(losses, trainer.history["test_loss"], rtol=1e-6)
    names = {name for name, _ in trainer.network.named_parameters()}
    assert names | {f"gradients/{name}" for name in names} == {*events.Tags()["histograms"]}
    last = events.Histograms("affine1.W")[-1].histogram_value
    weights = trainer.network["affine1"].W.value
    assert (last.num, last.min, last.max) == (weights.size, weights.min(), weights.max())
    assert last.sum == pytest.approx(weights.sum(dtype=float))
    gradient = events.Histograms("gradients/affine2.b")[-1].histogram_value
    found = trainer.gradients()
    assert gradient.sum == pytest.approx(found["affine2.b"].sum(), abs=1e-6)
    whole = trainer.loss(trainer.network(data.xor().x), data.xor().t)
    whole.backward()
    for name, parameter in trainer.network.named_parameters():
        np.testing.assert_allclose(found[name], parameter.grad, atol=1e-6)


def test_the_command_line_writes_events_too(tmp_path, capsys):
    pytest.importorskip("tensorboardX", reason="tensorboardX is not installed")
    words = ["train", "--data", "xor", "--out", str(tmp_path / "run"), "--tensorboard", "--json"]
    assert main([*words, "--epochs", "2"]) == 0
    assert main([*words, "--epochs", "4", "--resume"]) == 0
    steps = [one.step for one in read(tmp_path / "run" / "tensorboard").Scalars("loss")]
    assert len(steps) == 4
    assert steps == sorted(set(steps))


class Run:
    """What a W&B run answers to."""

    def __init__(self):
        self.config: dict = {}
        self.rows: list = []
        self.finished = 0

    def log(self, row, step):
        self.rows.append((step, row))

    def finish(self):
        self.finished += 1


def test_wandb_is_opened_told_and_closed(monkeypatch):
    run, asked = Run(), {}
    fake = ModuleType("wandb")
    fake.init = lambda **settings: asked.update(settings) or run
    monkeypatch.setitem(sys.modules, "wandb", fake)
    trainer = trained(WandB(project="digits", mode="offline"))
    assert asked == {"project": "digits", "mode": "offline"}
    assert [step for step, _ in run.rows] == trainer.history["step"]
    assert run.rows[-1][1] == trainer.history.last
    assert run.config["parameters"] == trainer.network.count()
    assert run.finished == 1
    given = Run()
    trained(WandB(given))
    assert len(given.rows) == 3
    assert given.finished == 0


def test_mlflow_is_opened_told_and_closed(monkeypatch):
    told, runs = [], []
    fake = ModuleType("mlflow")
    fake.active_run = lambda: runs[-1] if runs else None
    fake.start_run = lambda **settings: runs.append(SimpleNamespace(**settings))
    fake.end_run = runs.pop
    fake.log_params = told.append
    fake.log_metrics = lambda numbers, step: told.append((step, numbers))
    monkeypatch.setitem(sys.modules, "mlflow", fake)
    trainer = trained(MLflow(run_name="first"))
    assert runs == []
    assert told[0]["optimizer"] == "SGD"
    assert told[-1] == (trainer.count, trainer.history.last)
    runs.append("the user's own")
    trained(MLflow())
    assert runs == ["the user's own"]


@pytest.mark.parametrize(
    ("library", "callback"),
    [("tensorboardX", lambda: TensorBoard("x")), ("wandb", WandB), ("mlflow", MLflow)],
)
def test_a_library_that_is_missing_is_named(monkeypatch, library, callback):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingExtraError, match="not installed") as caught:
        trained(callback())
    assert "pip install" in str(caught.value)


def test_a_run_shows_how_it_goes_unless_something_else_does(capsys, monkeypatch):
    trained()
    said = capsys.readouterr()
    assert said.out == ""
    assert [line.split(" · ")[0] for line in said.err.splitlines()] == [
        "epoch 1", "epoch 2", "epoch 3"
    ]  # fmt: skip
    lines = []
    trainer = trained(Lines(lines.append))
    assert len(lines) == 3
    assert len(trainer.callbacks) == 1
    trainer.fit(data.xor(), epochs=5, progress=False)
    trained(MLflow.__mro__[1]())            # a callback that only watches: the run is shown
    assert len(capsys.readouterr().err.splitlines()) == 3

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stderr", Terminal())
    trainer = trained()
    shown = sys.stderr.getvalue()
    assert "training" in shown
    assert "epoch 3" in shown
    assert trainer.callbacks == []


def test_the_logger_tells_of_runs_and_compilations(caplog):
    with caplog.at_level(logging.DEBUG, logger="seegrad"):
        trained()
    said = [record.getMessage() for record in caplog.records]
    assert said[0].startswith("training: ")
    assert any(line.startswith("compiled step_function.<locals>.step in ") for line in said)
    assert [line[:7] for line in said if line.startswith("epoch")] == [
        "epoch 1", "epoch 2", "epoch 3"
    ]  # fmt: skip
    assert said[-1].startswith("training ended after step ")
    caplog.clear()
    trained()
    assert {record.name for record in caplog.records} <= {"seegrad"}
    assert not [record for record in caplog.records if record.levelno < logging.INFO]
