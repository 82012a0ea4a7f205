"""The trainer: what it learns, what it tells, how it stops, how it goes on."""

from __future__ import annotations

import json
import os
import signal

import numpy as np
import pytest

from seegrad import data, nn, optim, training
from seegrad.errors import FormatError, NonFiniteError, ShapeError, ValueRangeError
from seegrad.safetensors_file import load_arrays
from seegrad.training import EarlyStopping, History, Lines, Recorder, RunFolder, Trainer, evaluation
from seegrad.training.callbacks import Callback


def moons_net():
    nn.seed(0)
    return nn.Sequential(nn.Affine(2, 16), nn.ReLU(), nn.Affine(16, 2))


def trainer_of(network=None, **words):
    network = network or moons_net()
    return Trainer(network, optim.Momentum(network.parameters(), lr=0.1), **words)


def test_it_learns_moons():
    train, test = data.moons(200).split()
    history = trainer_of().fit(train, test, epochs=40, batch=20)
    assert history.last["test_accuracy"] > 0.97
    assert history["loss"][-1] < 0.2 < history["loss"][0]
    assert history.best("test_accuracy", largest=True)["test_accuracy"] >= 0.97


def test_it_fits_numbers():
    x = np.linspace(-1, 1, 64)[:, None]
    net = nn.Sequential(nn.Affine(1, 16), nn.Tanh(), nn.Affine(16, 1))
    trainer = Trainer(net, optim.Adam(net.parameters(), lr=0.02), nn.MSELoss())
    history = trainer.fit((x, x**2), epochs=200, batch=16)
    assert history.last["train_loss"] < 1e-3
    assert "train_accuracy" not in history.last


@pytest.mark.parametrize(("examples", "batch", "per_epoch"), [(10, 3, 4), (10, 5, 2), (10, 99, 1)])
def test_every_epoch_is_evaluated_also_when_batches_do_not_fit(examples, batch, per_epoch):
    x, t = np.random.default_rng(0).standard_normal((examples, 2)), np.arange(examples) % 2
    history = trainer_of().fit((x, t), (x, t), epochs=3, batch=batch)
    assert history["epoch"] == [1, 2, 3]
    assert history["step"] == [per_epoch, 2 * per_epoch, 3 * per_epoch]
    assert len(history.losses) == 3 * per_epoch


def test_a_run_may_be_told_in_steps():
    history = trainer_of().fit(data.moons(50), steps=7, batch=20)
    assert history["step"] == [5, 7]
    assert history["epoch"] == [1, 2]
    assert history["loss"][1] == pytest.approx(np.mean(history.losses[5:]))


@pytest.mark.parametrize("eager", [False, True])
def test_another_loss_or_optimizer_is_taken_up(eager):
    train = data.moons(40)
    trainer = trainer_of(eager=eager)
    trainer.fit(train, epochs=1, batch=20)
    before = trainer.network.state_dict()
    trainer.optimizer = optim.SGD(trainer.network.parameters(), lr=1e-30)
    trainer.fit(train, epochs=2, batch=20)
    after = trainer.network.state_dict()
    assert all(np.array_equal(after[name], value) for name, value in before.items())
    trainer.loss = lambda y, t: nn.SoftmaxWithLoss()(y, t) * 0 + 7
    trainer.fit(train, epochs=3, batch=20)
    assert trainer.history.losses[-1] == 7


class Follower(Callback):
    def __init__(self):
        self.heard = []

    def on_start(self, trainer, plan):
        self.heard.append(("start", plan.steps, plan.epochs))

    def on_step(self, trainer, step, loss):
        self.heard.append(("step", step))

    def on_epoch(self, trainer, row):
        self.heard.append(("epoch", row["epoch"]))

    def on_end(self, trainer):
        self.heard.append(("end",))


def test_callbacks_hear_everything_in_order():
    follower = Follower()
    trainer_of(callbacks=[follower]).fit(data.moons(20), epochs=2, batch=20)
    assert follower.heard == [
        ("start", 4, 2), ("step", 1), ("step", 2), ("epoch", 1),
        ("step", 3), ("step", 4), ("epoch", 2), ("end",),
    ]


def test_early_stopping_goes_back_to_the_best():
    train, test = data.moons(30, noise=0.4).split(0.5)
    stopper = EarlyStopping(patience=3)
    trainer = trainer_of(callbacks=[stopper])
    history = trainer.fit(train, test, epochs=500, batch=10)
    assert len(history) < 500
    assert "test_loss" in trainer.stopped
    best = history.best("test_loss")["test_loss"]
    assert trainer.evaluate(*test)["loss"] == pytest.approx(best)
    assert history.last["test_loss"] > best


def test_early_stopping_watches_what_is_there():
    with pytest.raises(ValueRangeError, match="train_loss"):
        trainer_of(callbacks=[EarlyStopping("test_loss")]).fit(data.moons(20), epochs=2)


class Interrupting(Callback):
    """Presses Ctrl-C during step `at`."""

    def __init__(self, at):
        self.at = at

    def on_step(self, trainer, step, loss):
        if step == self.at:
            os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_ends_after_a_whole_step_and_keeps_what_was_learnt():
    whole = moons_net()
    trainer_of(whole).fit(data.moons(50), steps=7, batch=10)
    cut = moons_net()
    before = signal.getsignal(signal.SIGINT)
    trainer = trainer_of(cut, callbacks=[Interrupting(7)])
    history = trainer.fit(data.moons(50), epochs=100, batch=10)
    assert trainer.stopped == "interrupted"
    assert trainer.count == 7
    assert history.last["step"] == 7
    assert signal.getsignal(signal.SIGINT) is before
    expected = whole.state_dict()
    assert all(np.array_equal(v, expected[n]) for n, v in cut.state_dict().items())


def test_a_loss_that_is_no_number_stops_with_the_step():
    net = moons_net()
    trainer = Trainer(net, optim.SGD(net.parameters(), lr=1e30), nn.MSELoss())
    with (
        pytest.raises(NonFiniteError, match="at step"),
        np.errstate(all="ignore"),
    ):
        trainer.fit((np.ones((4, 2)), np.ones((4, 2))), epochs=9)


def test_a_run_that_diverges_leaves_the_last_good_checkpoint(tmp_path):
    net = moons_net()
    folder = RunFolder(tmp_path)
    trainer = Trainer(
        net, optim.SGD(net.parameters(), lr=0.1), nn.MSELoss(), [Recorder(folder, seconds=0)]
    )
    x = np.ones((4, 2))
    trainer.fit((x, x), epochs=3)
    trainer.optimizer.lr = 1e30
    with pytest.raises(NonFiniteError):
        trainer.fit((x, x), epochs=99)
    assert not any(np.isnan(v).any() for v in load_arrays(folder.checkpoints.newest())[0].values())
    good = load_arrays(folder.weights)[0]
    assert all(np.isfinite(v).all() for v in good.values())


@pytest.mark.parametrize(("x", "t", "kind", "said"), [
    (np.ones((3, 2)), np.zeros(4, int), ShapeError, r"x \(3, 2\), t \(4,\)"),
    (np.ones((0, 2)), np.zeros(0, int), ShapeError, "no rows to learn from"),
    (np.array([[1.0, np.nan]]), np.zeros(1, int), ValueRangeError, r"x\[0, 1\] = nan"),
    (np.ones((2, 2)), np.array([0, 2]), ValueRangeError, "from 0 to 1"),
    (np.ones((2, 3)), np.array([0, 1]), ShapeError, r"\(2, 3\)"),
])
def test_bad_data_is_named(x, t, kind, said):
    with pytest.raises(kind, match=said):
        trainer_of().fit((x, t), epochs=1)


def test_a_run_of_no_length_is_refused():
    for words in ({"epochs": 0}, {"batch": 0}, {"steps": 0}, {"epochs": 1, "steps": 1}):
        with pytest.raises(ValueRangeError):
            trainer_of().fit(data.moons(20), **words)


def test_the_network_is_left_in_training_and_evaluated_in_use():
    net = nn.Sequential(nn.Affine(2, 8), nn.Dropout(0.5), nn.Affine(8, 2))
    trainer = Trainer(net, optim.SGD(net.parameters()))
    x, t = data.moons(20)
    assert trainer.evaluate(x, t) == trainer.evaluate(x, t)
    assert all(module.training for module in net.modules())
    assert trainer.predict(np.repeat(x, 60, axis=0)).shape == (2400, 2)


def test_predicting_in_parts_equals_predicting_at_once():
    net = moons_net()
    x = np.random.default_rng(0).standard_normal((2345, 2))
    np.testing.assert_allclose(trainer_of(net).predict(x), net(x).value, rtol=1e-5, atol=1e-6)


def test_the_same_seed_learns_the_same_bits_and_another_does_not():
    def run(seed):
        net = moons_net()
        trainer_of(net, seed=seed).fit(data.moons(30), epochs=3, batch=7)
        return net.state_dict()["affine1.W"]

    assert np.array_equal(run(1), run(1))
    assert not np.array_equal(run(1), run(2))


@pytest.mark.parametrize("cut", [1, 3, 4, 6, 11])
def test_a_resumed_run_is_bitwise_the_uninterrupted_one(tmp_path, cut):
    train, test = data.moons(20).split()
    whole = trainer_of(recording_net())
    whole.fit(train, test, steps=12, batch=10)
    first = trainer_of(recording_net(), callbacks=[Recorder(RunFolder(tmp_path / "run"))])
    first.fit(train, test, steps=cut, batch=10)
    again = trainer_of(recording_net(seed=9))
    again.resume(RunFolder(tmp_path / "run").checkpoints.newest())
    again.fit(train, test, steps=12, batch=10)
    expected = whole.network.state_dict()
    for name, value in again.network.state_dict().items():
        assert np.array_equal(value, expected[name]), name
    assert again.history.last == whole.history.last


def recording_net(seed=0):
    nn.seed(seed)
    return nn.Sequential(
        nn.Affine(2, 8), nn.BatchNorm(8), nn.ReLU(), nn.Dropout(0.2), nn.Affine(8, 2)
    )


def test_a_run_folder_holds_numbers_weights_and_settings(tmp_path):
    folder = RunFolder(tmp_path / "run")
    folder.write_config({"name": "가", "lr": 0.1})
    assert folder.read_config() == {"name": "가", "lr": 0.1}
    net = moons_net()
    history = trainer_of(net, callbacks=[Recorder(folder)]).fit(data.moons(20), epochs=2)
    lines = (folder.path / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == history.rows == folder.read_metrics()
    other = nn.Sequential(nn.Affine(2, 16), nn.ReLU(), nn.Affine(16, 2))
    training.load(other, folder.weights)
    assert np.array_equal(other(np.ones((1, 2))).value, net(np.ones((1, 2))).value)
    assert sorted(os.listdir(folder.path)) == [
        "checkpoints", "config.json", "metrics.jsonl", "net.safetensors",
    ]


def test_a_fresh_folder_is_nobody_elses(tmp_path):
    paths = {RunFolder.fresh(tmp_path / "runs", "digits").path for _ in range(3)}
    assert len(paths) == 3
    (tmp_path / "file").write_text("")
    with pytest.raises(FormatError, match="cannot make a folder"):
        RunFolder.fresh(tmp_path / "file", "digits")
    with pytest.raises(FormatError, match="cannot make the folder"):
        RunFolder(tmp_path / "file" / "run").write_config({})


def test_a_folder_without_a_run_is_named(tmp_path):
    with pytest.raises(FormatError, match="no such file"):
        RunFolder(tmp_path).read_config()
    (tmp_path / "config.json").write_text("[1]")
    with pytest.raises(FormatError, match="damaged"):
        RunFolder(tmp_path).read_config()


def test_weights_alone_are_no_checkpoint(tmp_path):
    net = moons_net()
    file = training.save(net, tmp_path / "net.safetensors")
    trainer = trainer_of(net)
    with pytest.raises(FormatError, match="no checkpoint"):
        training.load_checkpoint(file, net, trainer.optimizer)


def test_a_checkpoint_of_another_network_changes_nothing(tmp_path):
    trainer = trainer_of()
    file = training.save_checkpoint(
        tmp_path / "c.safetensors", trainer.network, trainer.optimizer, trainer.position()
    )
    net = nn.Sequential(nn.Affine(2, 3), nn.ReLU(), nn.Affine(3, 2))
    before, opt = net.state_dict(), optim.Momentum(net.parameters(), lr=0.5)
    with pytest.raises(ShapeError):
        training.load_checkpoint(file, net, opt)
    assert opt.lr.item() == 0.5
    assert all(np.array_equal(before[name], v) for name, v in net.state_dict().items())


def test_lines_are_few_and_the_last_is_always_said():
    said = []
    trainer_of(callbacks=[Lines(said.append)]).fit(data.moons(10), epochs=101, batch=20)
    assert 20 <= len(said) <= 23
    assert said[0].startswith("epoch 1 · loss ")
    assert said[-1].startswith("epoch 101 · ")


def test_the_check_of_a_network_is_right_and_finds_a_wrong_rule(monkeypatch):
    train, _ = data.digits().split()
    net = nn.Sequential(nn.Affine(64, 10), nn.Sigmoid(), nn.Affine(10, 10))
    loss = nn.SoftmaxWithLoss()
    reports = training.check_network(net, loss, train.x[:3], train.t[:3])
    assert list(reports) == ["affine1.W", "affine1.b", "affine2.W", "affine2.b"]
    assert all(reports.values())
    assert max(report.max_error for report in reports.values()) < 1e-6
    assert reports["affine1.W"].compared == 100

    def doubled(x, t):
        return loss(x, t) + (x.detach() * x.detach()).sum()

    wrong = training.check_network(net, doubled, train.x[:3], train.t[:3])
    assert not any(wrong.values())


def test_history_as_text():
    history = History()
    assert history.last == {}
    assert history.best("loss") == {}
    history.add({"epoch": 1, "loss": 0.25})
    assert history.table().splitlines()[1].split() == ["1", "0.25"]
    assert np.isnan(history["test_loss"][0])


# --------------------------------------------------------------- evaluation in native code


class _Looking(nn.Module):
    """A network that lets Python look at numbers, which cannot be traced."""

    def __init__(self):
        self.layer = nn.Affine(5, 2)

    def forward(self, x):
        y = self.layer(x)
        return y if not self.training and float(y.sum().item()) > 1e9 else y * 2.0


def test_a_large_evaluation_is_compiled_and_gives_the_same(monkeypatch):
    monkeypatch.setattr(evaluation, "COMPILED_FROM", 1)
    nn.seed(0)
    net = nn.Sequential(nn.Affine(5, 8), nn.BatchNorm(8), nn.Dropout(0.5), nn.Affine(8, 3))
    x = np.random.default_rng(0).standard_normal((2100, 5)).astype(np.float32)
    t = np.arange(2100) % 3
    quick, plain = (Trainer(net, optim.SGD(net.parameters()), eager=e) for e in (False, True))
    for _ in range(2):
        np.testing.assert_allclose(quick.predict(x), plain.predict(x), rtol=1e-5, atol=1e-6)
        assert quick.evaluate(x, t)["accuracy"] == plain.evaluate(x, t)["accuracy"]
        for p in net.parameters():                       # the weights it has now, not those traced
            p.assign(p.value * 1.5)
    assert quick._predictor._kept is not None
    assert plain._predictor._kept is None
    assert net.training


def test_a_small_evaluation_and_one_that_cannot_be_traced_run_through_numpy(monkeypatch):
    x = np.ones((4, 5), np.float32)
    net = _Looking()
    small = Trainer(net, optim.SGD(net.parameters()))
    expected = small.predict(x)
    assert small._predictor._kept is None
    monkeypatch.setattr(evaluation, "COMPILED_FROM", 1)
    np.testing.assert_array_equal(small.predict(x), expected)
    np.testing.assert_array_equal(small.predict(x), expected)
