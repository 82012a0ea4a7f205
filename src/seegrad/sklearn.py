"""Networks as scikit-learn's estimators (extra `sklearn`), with skorch's parameter names.

What scikit-learn expects of an estimator is kept here; the training itself is `training.Trainer`.
The one file that imports scikit-learn.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from seegrad import nn, optim
from seegrad.errors import MissingExtraError, ShapeError, ValueRangeError
from seegrad.i18n import tr
from seegrad.text import nearest, signature
from seegrad.training.callbacks import Callback, EarlyStopping
from seegrad.training.callbacks.progress_bar import progress
from seegrad.training.history import History
from seegrad.training.trainer import Trainer

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import (
        _check_sample_weight,
        check_is_fitted,
        column_or_1d,
        validate_data,
    )
except ImportError as fault:
    raise MissingExtraError(
        tr("scikit-learn is not installed"), hint='pip install "scikit-learn>=1.9"'
    ) from fault

Array = NDArray[Any]
FORWARDED = ("module", "optimizer", "criterion")
"""Parameters whose own arguments are given as `module__hidden`, `optimizer__momentum`, …"""
HELD_OUT = 0.1
WORTH_COMPILING = 2000
"""Steps from which on the time to compile one is won back."""


class _WeightedSquares(nn.Module):
    """Mean squares with a weight a row: the last column of the targets is the weight's root."""

    def __init__(self) -> None:
        self.squares = nn.MSELoss()

    def forward(self, x: Any, t: Any) -> Any:
        root = t[:, -1:]
        return self.squares(x * root, t[:, :-1] * root)


class _Estimator(BaseEstimator):  # type: ignore[misc]
    """What classifier and regressor share: parameters, checks, training, prediction.

    module: a network, a function or class that makes one (called with `inputs=`, `outputs=` where
    it takes them, and what is given as `module__…`), or None for `nn.multilayer`, whose widths are
    `module__hidden` and `module__activation`. criterion: a loss or its class; None: softmax with
    cross-entropy, or mean squares. optimizer: a name ("sgd", "adam", …) or a class; its arguments
    are `optimizer__momentum`, …. lr: the learning rate. max_epochs: passes over the data.
    batch_size: rows in a mini-batch. train_split: the share of rows held out to watch (None: none).
    early_stopping: stop after `patience` epochs that are no better on the rows held out, and go
    back to the best. callbacks: told what happens. warm_start: go on from the last `fit`.
    verbose: 0 is silent, 1 shows progress. random_state: of first values, order and split.

    Computes in the dtype of X: float32 or float64.
    """

    def __init__(
        self,
        module: Any = None,
        *,
        criterion: Any = None,
        optimizer: Any = "adam",
        lr: float = 0.01,
        max_epochs: int = 100,
        batch_size: int = 64,
        train_split: float | None = None,
        early_stopping: bool = False,
        patience: int = 10,
        callbacks: Sequence[Callback] | None = None,
        warm_start: bool = False,
        verbose: int = 0,
        random_state: Any = None,
        **arguments: Any,
    ) -> None:
        self.module = module
        self.criterion = criterion
        self.optimizer = optimizer
        self.lr = lr
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.train_split = train_split
        self.early_stopping = early_stopping
        self.patience = patience
        self.callbacks = callbacks
        self.warm_start = warm_start
        self.verbose = verbose
        self.random_state = random_state
        for name, value in arguments.items():
            self._forward(name, value)

    # what scikit-learn's checks set one by one: all but the forwarded arguments
    __signature__ = inspect.Signature(
        [
            parameter
            for name, parameter in signature(__init__).parameters.items()
            if name not in ("self", "arguments")
        ]
    )

    # ------------------------------------------------------------- parameters

    def _forward(self, name: str, value: Any) -> None:
        """Keep an argument for the module, the optimizer or the criterion."""
        owner, _, argument = name.partition("__")
        if owner not in FORWARDED or not argument:
            raise TypeError(
                f"{type(self).__name__} has no parameter {name!r}; "
                f"it has {', '.join(self._get_param_names())}, and "
                + ", ".join(f"{owner}__…" for owner in FORWARDED)
            )
        setattr(self, name, value)

    def _arguments(self, owner: str) -> dict[str, Any]:
        prefix = f"{owner}__"
        given = sorted(name for name in vars(self) if name.startswith(prefix))
        return {name.removeprefix(prefix): getattr(self, name) for name in given}

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Every parameter, `module__hidden` and its like included."""
        params: dict[str, Any] = super().get_params(deep=deep)
        for owner in FORWARDED:
            for name, value in self._arguments(owner).items():
                params[f"{owner}__{name}"] = value
        return params

    def set_params(self, **params: Any) -> Self:
        """Set parameters, `module__hidden` and its like included."""
        own: dict[str, Any] = {}
        for name, value in params.items():
            if name.partition("__")[0] in FORWARDED and "__" in name:
                self._forward(name, value)
            else:
                own[name] = value
        super().set_params(**own)
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "network_")

    # ------------------------------------------------------------- what differs

    def _loss(self) -> Any:
        raise NotImplementedError

    def _targets(self, t: Array, weights: Array | None, dtype: Any) -> Array:
        """Targets as the loss takes them, a weight for each row packed in."""
        raise NotImplementedError

    def _outputs(self) -> int:
        raise NotImplementedError

    # ------------------------------------------------------------- training

    def _make(self, X: Array, seed: int) -> None:
        """The network, its optimizer and its loss, new."""
        given = self._arguments("module")
        if isinstance(self.module, nn.Module):
            if given:
                raise ValueRangeError(
                    tr("a network that is made already takes no arguments"),
                    asked=tr("a function or a class that makes the network"),
                    came=", ".join(f"module__{name}" for name in given),
                )
            self.network_ = deepcopy(self.module)
        else:
            make = nn.multilayer if self.module is None else self.module
            offered = {
                "inputs": X.shape[1],
                "outputs": self._outputs(),
                "dtype": X.dtype,
                "generator": np.random.default_rng(seed),
            }
            self.network_ = make(**{**_taken(make, offered), **given})
        rule: Callable[..., optim.Optimizer] = self.optimizer
        if isinstance(self.optimizer, str):
            if self.optimizer not in optim.RULES:
                raise ValueRangeError(
                    tr("there is no such optimizer"),
                    asked=", ".join(optim.RULES),
                    came=f"optimizer={self.optimizer!r}",
                )
            rule = optim.RULES[self.optimizer]
        parameters = self.network_.parameters()
        self.optimizer_ = rule(parameters, lr=self.lr, **self._arguments("optimizer"))
        self.history_ = History()
        self.dtype_ = X.dtype

    def _criterion(self, weighted: bool) -> Any:
        if self.criterion is None:
            return self._loss()
        if weighted:
            raise ValueRangeError(
                tr("a criterion of your own does not know sample weights"),
                asked="sample_weight=None",
                came=f"criterion={self.criterion!r}"[:80],
                hint=tr("leave criterion to its default, or repeat the rows"),
            )
        made = self.criterion
        if not callable(made):
            names = [name for name in nn.__all__ if name.endswith("Loss")]
            near = nearest(f"{made}Loss", names)
            raise ValueRangeError(
                tr("a criterion is a loss"),
                asked=tr("a loss, its class, or a function of outputs and targets"),
                came=f"criterion={made!r}",
                hint=", ".join(f"criterion=sg.nn.{name}" for name in near),
            )
        return made(**self._arguments("criterion")) if isinstance(made, type) else made

    def _train(self, X: Array, t: Array, weights: Array | None, epochs: int, seed: int) -> None:
        """`epochs` passes over the rows, with everything that watches."""
        share = self.train_split
        if share is None and self.early_stopping:
            share = HELD_OUT
        train, held_out = np.arange(len(X)), np.arange(0)
        if share is not None:
            train, held_out = self._held_out(t, share, seed)
        packed = t if self.criterion is not None else self._targets(t, weights, self.dtype_)
        watching = list(self.callbacks or ())
        if self.verbose:
            watching.append(progress())
        if self.early_stopping:
            watching.append(EarlyStopping("test_loss", self.patience))
        steps = epochs * -(-len(train) // self.batch_size)
        trainer = Trainer(
            self.network_,
            self.optimizer_,
            self._criterion(weights is not None),
            watching,
            seed,
            eager=steps < WORTH_COMPILING,
        )
        test = (X[held_out], packed[held_out]) if len(held_out) else None
        data = X[train], packed[train]
        trainer.fit(data, test, epochs=epochs, batch=self.batch_size, progress=False)
        self.network_.eval()
        for row in trainer.history.rows:
            self.history_.add({**row, "epoch": len(self.history_) + 1})
        self.history_.losses += trainer.history.losses
        self.n_iter_ = len(self.history_)

    def _held_out(self, t: Array, share: float, seed: int) -> tuple[Array, Array]:
        if not 0 < share < 1:
            raise ValueRangeError(
                tr("the part held out is a share of the rows"),
                asked="0 < train_split < 1",
                came=f"train_split={share!r}",
            )
        order = np.random.default_rng(seed).permutation(len(t))
        count = max(1, round(share * len(t)))
        if count >= len(t):
            raise ValueRangeError(
                tr("this split leaves nothing to train on"),
                asked=f"train_split={share}",
                came=tr("{count} examples", count=len(t)),
                hint=tr("choose a share between 0 and 1, or fewer rows"),
            )
        return order[count:], order[:count]

    def _check_numbers(self) -> None:
        for name in ("max_epochs", "batch_size", "patience"):
            value = getattr(self, name)
            if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < 1:
                raise ValueRangeError(
                    tr("{name} counts something, so it starts at {least}", name=name, least=1),
                    asked=f"{name} ≥ 1",
                    came=f"{name}={value!r}",
                )

    def _weights(self, sample_weight: Any, X: Array) -> Array | None:
        """One weight a row, with mean 1; None when none are given."""
        if sample_weight is None:
            return None
        weights = _check_sample_weight(
            sample_weight, X, dtype=X.dtype, ensure_non_negative=True, allow_all_zero_weights=True
        )
        if not weights.sum() > 0:
            raise ValueRangeError(
                tr("every sample weight is zero"),
                asked=tr("at least one above zero"),
                came=f"sample_weight {np.shape(sample_weight)}",
            )
        return np.asarray(weights)

    def _fit(self, X: Array, t: Array, sample_weight: Any, epochs: int, anew: bool) -> Self:
        self._check_numbers()
        weights = self._weights(sample_weight, X)
        if weights is not None and not weights.all():
            kept = weights > 0
            X, t, weights = X[kept], t[kept], weights[kept]
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        if anew:
            self._make(X, seed)
        else:
            self.optimizer_.lr = self.lr
            seed += len(self.history_)
        self._train(X, t, weights, epochs, seed)
        return self

    def _anew(self) -> bool:
        return not (self.warm_start and hasattr(self, "network_"))

    # ------------------------------------------------------------- use

    def _scores(self, X: Any) -> Array:
        check_is_fitted(self)
        X = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        # at least two rows at a time: one alone would be multiplied in another order
        rows = np.concatenate([X, X]) if len(X) == 1 else X
        trainer = Trainer(self.network_, self.optimizer_)
        return trainer.predict(rows.astype(self.dtype_, copy=False))[: len(X)]


def _taken(make: Callable[..., Any], offered: dict[str, Any]) -> dict[str, Any]:
    """Of what is offered, what `make` has parameters for."""
    try:
        known = signature(make).parameters
    except (TypeError, ValueError):
        return {}
    return {name: value for name, value in offered.items() if name in known}


class SeegradClassifier(ClassifierMixin, _Estimator):  # type: ignore[misc]
    """A network that tells classes apart, as a scikit-learn classifier.

    The parameters are told at its base: module, criterion, optimizer, lr, max_epochs, batch_size,
    train_split, early_stopping, patience, callbacks, warm_start, verbose, random_state, and
    module__…, optimizer__…, criterion__…. Labels may be numbers or texts. After `fit`: classes_,
    network_, optimizer_, history_, n_iter_, n_features_in_.

    >>> from seegrad.sklearn import SeegradClassifier
    >>> x, t = sg.data.digits()
    >>> model = SeegradClassifier(module__hidden=(32,), max_epochs=20, random_state=0)
    >>> bool(model.fit(x[:1000], t[:1000]).score(x[1000:], t[1000:]) > 0.85)
    True
    """

    classes_: Array

    def _loss(self) -> Any:
        return nn.SoftmaxWithLoss()

    def _outputs(self) -> int:
        return len(self.classes_)

    def _make(self, X: Array, seed: int) -> None:
        super()._make(X, seed)
        given = self._scores(X[:2]).shape[1:]
        if given != (self._outputs(),):
            del self.network_
            raise ShapeError(
                tr("the network has another number of outputs than there are classes"),
                asked=f"(N, {self._outputs()})",
                came=tr("outputs of shape {shape}", shape=("N", *given)),
            )

    def _targets(self, t: Array, weights: Array | None, dtype: Any) -> Array:
        if weights is None:
            return t
        rows = np.zeros((len(t), len(self.classes_)), dtype)
        rows[np.arange(len(t)), t] = weights / weights.mean()
        return rows

    def _labels(self, y: Array) -> Array:
        """Class numbers 0 … K−1; ValueRangeError for labels that are not among the classes."""
        places = np.searchsorted(self.classes_, y)
        places[places == len(self.classes_)] = 0
        unknown = self.classes_[places] != y
        if unknown.any():
            raise ValueRangeError(
                tr("there are labels that are not among the classes"),
                asked=", ".join(map(str, self.classes_[:12])),
                came=", ".join(map(str, np.unique(y[unknown])[:6])),
                hint=tr("name all classes at the first call of partial_fit"),
            )
        return places

    def _two_classes(self, present: Array) -> None:
        if len(present) < 2:
            raise ValueRangeError(
                "there is only one class to tell",
                asked="at least two classes",
                came=", ".join(map(str, present)) or "none",
            )

    def _both(self, X: Any, y: Any, reset: bool) -> tuple[Array, Array]:
        X, y = validate_data(self, X, y, dtype=[np.float64, np.float32], reset=reset)
        y = column_or_1d(y, warn=True)
        check_classification_targets(y)
        return X, y

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn from rows X (N, features) and labels y (N,); one weight for each row may be given.

        Raises ValueError for no rows, NaN, one class only, or a length that does not fit.
        """
        X, y = self._both(X, y, reset=True)
        present = y
        if sample_weight is not None:
            weights = self._weights(sample_weight, X)
            assert weights is not None
            present = y[weights > 0]
        self._two_classes(np.unique(present))
        classes = np.unique(y)
        anew = self._anew() or not np.array_equal(classes, self.classes_)
        self.classes_ = classes
        return self._fit(X, self._labels(y), sample_weight, self.max_epochs, anew)

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """One pass over these rows, going on from what was learnt.

        classes: all there are, at the first call (default: those of this y).
        """
        first = not hasattr(self, "network_")
        X, y = self._both(X, y, reset=first)
        if first:
            self.classes_ = np.unique(y if classes is None else classes)
            self._two_classes(self.classes_)
        return self._fit(X, self._labels(y), sample_weight, 1, first)

    def predict_proba(self, X: Any) -> Array:
        """The probability of each class for each row, (N, classes), in the order of classes_."""
        return np.asarray(nn.Softmax()(self._scores(X)))

    def predict(self, X: Any) -> Array:
        """The likeliest class of each row, (N,)."""
        likeliest = self._scores(X).argmax(axis=1)
        return np.asarray(self.classes_[likeliest])


class SeegradRegressor(RegressorMixin, _Estimator):  # type: ignore[misc]
    """A network that fits numbers, as a scikit-learn regressor; parameters as the classifier's.

    Targets (N,) or (N, outputs) are fitted as they are: scale them first when they are large, for
    instance with scikit-learn's TransformedTargetRegressor.

    >>> from seegrad.sklearn import SeegradRegressor
    >>> x = np.linspace(-1, 1, 200)[:, None]
    >>> model = SeegradRegressor(module__hidden=(32,), random_state=0)
    >>> bool(model.fit(x, x[:, 0] ** 2).score(x, x[:, 0] ** 2) > 0.95)
    True
    """

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _loss(self) -> Any:
        return _WeightedSquares()

    outputs_: int

    def _outputs(self) -> int:
        return self.outputs_

    def _targets(self, t: Array, weights: Array | None, dtype: Any) -> Array:
        root = np.ones(len(t)) if weights is None else np.sqrt(weights / weights.mean())
        return np.column_stack([t, root]).astype(dtype)

    def _both(self, X: Any, y: Any, reset: bool) -> tuple[Array, Array]:
        X, y = validate_data(
            self, X, y, dtype=[np.float64, np.float32], reset=reset,
            multi_output=True, y_numeric=True,
        )  # fmt: skip
        one = y.ndim == 1
        y = y.reshape(len(y), -1)
        if reset:
            self.outputs_, self.one_target_ = y.shape[1], one
        elif y.shape[1] != self.outputs_:
            raise ShapeError(
                tr("the targets have another width than those learnt from"),
                asked=f"y (N, {self.outputs_})",
                came=f"y {y.shape}",
            )
        return X, y.astype(X.dtype)

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn from rows X (N, features) and numbers y (N,) or (N, outputs).

        One weight for each row may be given. Raises ValueError for no rows, NaN, or a length that
        does not fit.
        """
        before = getattr(self, "outputs_", None)
        X, t = self._both(X, y, reset=True)
        anew = self._anew() or before != self.outputs_
        return self._fit(X, t, sample_weight, self.max_epochs, anew)

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """One pass over these rows, going on from what was learnt."""
        first = not hasattr(self, "network_")
        X, t = self._both(X, y, reset=first)
        return self._fit(X, t, sample_weight, 1, first)

    def predict(self, X: Any) -> Array:
        """The fitted number or numbers of each row, (N,) or (N, outputs)."""
        scores = self._scores(X)
        return scores[:, 0] if self.one_target_ else scores
