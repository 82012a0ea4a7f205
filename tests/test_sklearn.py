"""The estimators by scikit-learn's own checks, and in the places where people put them."""

from __future__ import annotations

import io

import numpy as np
import pytest

sklearn = pytest.importorskip("sklearn", reason="scikit-learn is not installed")

import joblib  # noqa: E402
from sklearn.base import clone  # noqa: E402
from sklearn.datasets import load_diabetes, make_blobs  # noqa: E402
from sklearn.exceptions import NotFittedError  # noqa: E402
from sklearn.model_selection import GridSearchCV, cross_val_score  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from sklearn.utils.estimator_checks import parametrize_with_checks  # noqa: E402

from seegrad import nn, optim  # noqa: E402
from seegrad.errors import ShapeError, ValueRangeError  # noqa: E402
from seegrad.sklearn import SeegradClassifier, SeegradRegressor  # noqa: E402
from seegrad.training import Callback, EarlyStopping  # noqa: E402


@pytest.mark.filterwarnings("default")
@parametrize_with_checks([SeegradClassifier(), SeegradRegressor()])
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def blobs():
    x, t = make_blobs(150, centers=3, n_features=4, random_state=0, cluster_std=1.5)
    return x, np.array(["apple", "orange", "pear"])[t]


def quick(**more):
    return SeegradClassifier(**{"max_epochs": 20, "random_state": 0, **more})


def test_labels_may_be_text(blobs):
    x, t = blobs
    model = quick().fit(x, t)
    assert model.classes_.tolist() == ["apple", "orange", "pear"]
    assert set(model.predict(x)) <= set(model.classes_)
    assert model.score(x, t) > 0.9
    assert np.allclose(model.predict_proba(x).sum(axis=1), 1)
    assert (model.classes_[model.predict_proba(x).argmax(axis=1)] == model.predict(x)).all()


def test_in_a_pipeline_a_grid_and_a_cross_validation(blobs):
    x, t = blobs
    model = make_pipeline(StandardScaler(), quick(module__hidden=(8,)))
    assert cross_val_score(model, x, t, cv=3).min() > 0.8
    grid = {
        "seegradclassifier__module__hidden": [(4,), (16,)],
        "seegradclassifier__lr": [1e-6, 0.02],
        "seegradclassifier__optimizer__weight_decay": [0.0],
    }
    search = GridSearchCV(model, grid, cv=2, n_jobs=2).fit(x, t)
    best = search.best_estimator_[-1]
    assert search.best_params_["seegradclassifier__lr"] == 0.02
    assert best.network_["affine1"].W.shape[1] == best.module__hidden[0]


def test_parameters_reach_module_optimizer_and_criterion(blobs):
    x, t = blobs
    model = quick(
        module__hidden=(7, 5),
        module__activation="tanh",
        optimizer=optim.Momentum,
        optimizer__momentum=0.5,
        lr=0.05,
        max_epochs=2,
    ).fit(x, t)
    kinds = [type(layer).__name__ for layer in model.network_]
    assert kinds == ["Affine", "Tanh", "Affine", "Tanh", "Affine"]
    assert model.optimizer_.momentum == 0.5
    assert model.optimizer_.lr.item() == 0.05
    assert clone(model).get_params()["module__activation"] == "tanh"
    model.set_params(module__hidden=3).fit(x, t)
    assert model.network_["affine1"].W.shape == (4, 3)
    custom = SeegradRegressor(criterion=nn.BCELoss, criterion__with_logits=True, max_epochs=3)
    custom.fit(x, (t == "pear").astype(float))
    assert custom.history_.last["loss"] < 5


def test_a_network_of_ones_own(blobs):
    x, t = blobs
    own = nn.Sequential(nn.Affine(4, 6), nn.ReLU(), nn.Affine(6, 3))
    before = own.state_dict()
    model = quick(module=own).fit(x, t)
    assert model.score(x, t) > 0.8
    assert all((own.state_dict()[name] == value).all() for name, value in before.items())

    def make(inputs, outputs, wide):
        return nn.Sequential(nn.Affine(inputs, wide), nn.BatchNorm(wide), nn.Affine(wide, outputs))

    assert quick(module=make, module__wide=9).fit(x, t).network_["affine1"].W.shape == (4, 9)
    with pytest.raises(ValueRangeError, match="takes no arguments"):
        quick(module=own, module__hidden=3).fit(x, t)


def test_the_same_seed_gives_the_same_network_and_copies_predict_the_same(blobs):
    x, t = blobs
    one, two = quick().fit(x, t), clone(quick()).fit(x, t)
    assert (one.predict_proba(x) == two.predict_proba(x)).all()
    store = io.BytesIO()
    joblib.dump(one, store)
    store.seek(0)
    again = joblib.load(store)
    assert (again.predict_proba(x) == one.predict_proba(x)).all()
    assert again.partial_fit(x, t).optimizer_.parameters[0] is again.network_.parameters()[0]


def test_float32_is_computed_in_float32(blobs):
    x, t = blobs
    model = quick(max_epochs=2).fit(x.astype(np.float32), t)
    assert model.predict_proba(x).dtype == np.float32
    assert quick(max_epochs=2).fit(x, t).predict_proba(x).dtype == np.float64


def test_weights_count_as_repeated_rows(blobs):
    x, t = blobs
    rows = np.random.default_rng(0).integers(0, 4, len(x))
    options = {"batch_size": 1000, "max_epochs": 30}
    weighted = quick(**options).fit(x, t, sample_weight=rows)
    repeated = quick(**options).fit(x.repeat(rows, axis=0), t.repeat(rows))
    assert np.allclose(weighted.predict_proba(x), repeated.predict_proba(x), atol=1e-7)
    plain = quick(**options).fit(x, t)
    assert not np.allclose(weighted.predict_proba(x), plain.predict_proba(x), atol=1e-3)
    y = x[:, 0] * 2
    one = SeegradRegressor(random_state=0, **options).fit(x, y, sample_weight=rows)
    two = SeegradRegressor(random_state=0, **options).fit(x.repeat(rows, axis=0), y.repeat(rows))
    assert np.allclose(one.predict(x), two.predict(x), atol=1e-7)


class Count(Callback):
    def __init__(self):
        self.epochs = 0

    def on_epoch(self, trainer, row):
        self.epochs += 1


def test_early_stopping_and_callbacks(blobs):
    x, t = blobs
    count = Count()
    model = quick(max_epochs=300, lr=0.1, early_stopping=True, patience=3, callbacks=[count])
    model.fit(x, t)
    assert 3 < model.n_iter_ < 300
    assert count.epochs == model.n_iter_
    assert "test_loss" in model.history_.last
    watched = quick(train_split=0.2, callbacks=[EarlyStopping("test_accuracy", 2)], max_epochs=99)
    assert watched.fit(x, t).n_iter_ < 99


def test_progress_is_told_when_asked_for(blobs, capsys):
    quick(verbose=1, max_epochs=2).fit(*blobs)
    assert "epoch 2" in capsys.readouterr().err
    quick(max_epochs=2).fit(*blobs)
    assert capsys.readouterr() == ("", "")


def test_partial_fit_goes_on_and_knows_its_classes(blobs):
    x, t = blobs
    model = quick(lr=0.03)
    model.partial_fit(x[t != "pear"], t[t != "pear"], classes=["apple", "orange", "pear"])
    for _ in range(15):
        model.partial_fit(x, t)
    assert model.n_iter_ == 16
    assert model.score(x, t) > 0.8
    with pytest.raises(ValueRangeError, match="not among the classes") as caught:
        model.partial_fit(x[:2], ["plum", "apple"])
    assert "plum" in str(caught.value)


def test_warm_start_goes_on(blobs):
    x, t = blobs
    model = quick(warm_start=True, max_epochs=3).fit(x, t)
    before = model.history_.last["loss"]
    model.fit(x, t)
    assert model.n_iter_ == 6
    assert model.history_.last["loss"] < before


def test_regression_on_a_real_set():
    x, t = load_diabetes(return_X_y=True)
    x, t = x * 20, (t - t.mean()) / t.std()
    model = SeegradRegressor(module__hidden=(16,), max_epochs=40, lr=0.003, random_state=0)
    assert cross_val_score(model, x, t, cv=3).mean() > 0.35
    two = SeegradRegressor(max_epochs=2).fit(x, np.stack([t, -t], axis=1))
    assert two.predict(x).shape == (len(x), 2)


def test_what_is_wrong_is_said(blobs):
    x, t = blobs
    with pytest.raises(ValueError, match="only one class"):
        quick().fit(x, ["apple"] * len(x))
    with pytest.raises(ValueError, match="0 sample"):
        quick().fit(x[:0], t[:0])
    with pytest.raises(ValueError, match="could not convert string to float"):
        quick().fit(np.array([["a", 1], ["b", 2]], object), [0, 1])
    with pytest.raises(ValueError, match="NaN"):
        quick().fit(np.full_like(x, np.nan), t)
    with pytest.raises(ValueError, match="expecting 4 features"):
        quick(max_epochs=1).fit(x, t).predict(x[:, :2])
    with pytest.raises(NotFittedError):
        quick().predict(x)
    with pytest.raises(TypeError, match="no parameter 'hidden'"):
        quick(hidden=3)
    with pytest.raises(ValueRangeError, match="max_epochs"):
        quick(max_epochs=0).fit(x, t)
    with pytest.raises(ValueRangeError, match="no such optimizer"):
        quick(optimizer="sdg").fit(x, t)
    with pytest.raises(ValueRangeError, match="no such activation"):
        quick(module__activation="rel").fit(x, t)
    with pytest.raises(ValueRangeError, match="share of the rows"):
        quick(train_split=3).fit(x, t)
    with pytest.raises(ValueRangeError, match=r"criterion=sg\.nn\.HuberLoss"):
        SeegradRegressor(criterion="huber").fit(x, np.arange(len(x)))
    with pytest.raises(ValueRangeError, match="is a loss"):
        quick(criterion=3).fit(x, t)
    for module in (nn.Sequential(nn.Affine(4, 5)), lambda: nn.Affine(4, 2)):
        model = quick(module=module)
        with pytest.raises(ShapeError, match="number of outputs"):
            model.fit(x, t)
        with pytest.raises(NotFittedError):
            model.predict(x)
    with pytest.raises(ValueRangeError, match="does not know sample weights"):
        quick(criterion=nn.SoftmaxWithLoss).fit(x, t, sample_weight=np.ones(len(x)))
