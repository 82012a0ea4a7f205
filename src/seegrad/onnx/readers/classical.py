"""The domain ai.onnx.ml, as scikit-learn's linear models, scalers and networks are written.

Weights that stand in attributes come in as inputs behind the others, so that they are parameters.
Classes that the file names by texts are counted; what they are called is said by the network.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.onnx.readers.values import Attributes, Readers, Values, at, plain
from seegrad.ops import activation, arithmetic, compare, indexing, linalg, reduce, shape

CLASSICAL = Readers()
"""Operators of ai.onnx.ml."""

AFTERWARDS = ("NONE", "LOGISTIC", "SOFTMAX")
NORMS = ("MAX", "L1", "L2")


def _finished(scores: Any, attributes: Attributes) -> Any:
    kind = attributes.get("post_transform", "NONE")
    if kind == "LOGISTIC":
        return activation.sigmoid(scores)
    return activation.softmax(scores, axis=1) if kind == "SOFTMAX" else scores


def _scores(values: Values) -> Any:
    """x · Wᵀ + b in single precision, with W (results, features) given as a list."""
    x = values[0]
    x = shape.reshape(x, shape=(1, -1)) if len(x.shape) == 1 else x
    x = x if x.dtype == np.float64 else compare.astype(x, dtype=np.float32)
    W = compare.astype(shape.reshape(values[1], shape=(-1, x.shape[1])), dtype=x.dtype)
    product = linalg.matmul(x, W.T)
    bias = at(values, 2)
    return product if bias is None else product + compare.astype(bias, dtype=x.dtype)


@CLASSICAL.reads(
    "LinearRegressor", "coefficients", "intercepts", "targets", post_transform=AFTERWARDS,
)  # fmt: skip
def _linear_regressor(values: Values, attributes: Attributes) -> Any:
    return _finished(_scores(values), attributes)


# multi_class says how it was trained
@CLASSICAL.reads(
    "LinearClassifier",
    "classlabels_ints", "classlabels_strings", "coefficients", "intercepts", "multi_class",
    post_transform=AFTERWARDS,
)  # fmt: skip
def _linear_classifier(values: Values, attributes: Attributes) -> Any:
    """The classes, and the scores or probabilities of all of them."""
    labels = attributes.get("classlabels_ints") or ()
    count = len(labels or attributes.get("classlabels_strings") or ())
    scores = _scores(values)
    if scores.shape[1] == 1 and count == 2:
        if attributes.get("post_transform") != "LOGISTIC":
            # the runtime's second score is another than the standard's
            raise ValueError("one score for two classes")
        scores = shape.concatenate(-scores, scores, axis=1)
    if scores.shape[1] != max(count, 2):
        raise ValueError(f"{scores.shape[1]} scores, {count} classes")
    best = reduce.argmax(scores, axis=1)
    classes = indexing.take(np.asarray(labels, np.int64), best, axis=0) if labels else best
    return classes, _finished(scores, attributes)


@CLASSICAL.reads("Scaler", "offset", "scale")
def _scaler(values: Values, attributes: Attributes) -> Any:
    (x,) = values
    x = x if x.dtype.kind == "f" else compare.astype(x, dtype=np.float32)
    offset, scale = (np.asarray(attributes[name], x.dtype) for name in ("offset", "scale"))
    return (x - offset) * scale


@CLASSICAL.reads("Normalizer", norm=NORMS)
def _normalizer(values: Values, attributes: Attributes) -> Any:
    """Each row over its largest element, its sum, or its length; a row of zeros stays."""
    (x,) = values
    x = x if x.dtype.kind == "f" else compare.astype(x, dtype=np.float32)
    kind = attributes.get("norm", "MAX")
    if kind == "L2":
        squares = reduce.sum(x * x, axis=-1, keepdims=True)
        length = arithmetic.sqrt(compare.where(squares == 0, np.ones((), x.dtype), squares))
    elif kind == "L1":
        length = reduce.sum(arithmetic.abs(x), axis=-1, keepdims=True)
    else:
        length = reduce.max(x, axis=-1, keepdims=True)
    return x / compare.where(length == 0, np.ones((), x.dtype), length)


@CLASSICAL.reads(
    "Imputer",
    "imputed_value_floats", "imputed_value_int64s", "replaced_value_float", "replaced_value_int64"
)
def _imputer(values: Values, attributes: Attributes) -> Any:
    """What is missing, a NaN or a number that says so, replaced column by column."""
    (x,) = values
    kind = "float" if x.dtype.kind == "f" else "int64"
    new = np.asarray(attributes[f"imputed_value_{kind}s"], x.dtype)
    old = attributes.get(f"replaced_value_{kind}", 0)
    missing = compare.isnan(x) if old != old else x == np.asarray(old, x.dtype)
    return compare.where(missing, new, x)


@CLASSICAL.reads("Binarizer", "threshold")
def _binarizer(values: Values, attributes: Attributes) -> Any:
    (x,) = values
    return compare.astype(x > attributes.get("threshold", 0.0), dtype=x.dtype)


@plain
def _extracted(values: Values) -> Any:
    """Columns by their numbers; of a vector, as one row."""
    x, places = values
    flat = shape.reshape(places, shape=(-1,))
    found = indexing.take(x, flat, axis=-1)
    return shape.expand_dims(found, axis=0) if len(x.shape) == 1 else found


@CLASSICAL.reads("FeatureVectorizer", "inputdimensions")
def _vectorized(values: Values, attributes: Attributes) -> Any:
    """Columns side by side, each input cut or filled up with zeros to its width."""
    parts = []
    for x, width in zip(values, attributes["inputdimensions"]):
        x = compare.astype(x, dtype=np.float32)
        x = shape.reshape(x, shape=(-1, 1)) if len(x.shape) == 1 else x
        if width < x.shape[1]:
            x = shape.part(x, 1, 0, width)
        parts.append(shape.pad(x, widths=((0, 0), (0, width - x.shape[1]))))
    return shape.concatenate(*parts, axis=1)


def _table(attributes: Attributes, name: str) -> NDArray[Any] | None:
    kinds = {"int64s": np.int64, "floats": np.float32}
    for ending, dtype in kinds.items():
        if attributes.get(f"{name}_{ending}"):
            return np.asarray(attributes[f"{name}_{ending}"], dtype)
    found = attributes.get(f"{name}_tensor")
    return None if found is None else np.asarray(found).ravel()


TABLES = tuple(f"{side}_{kind}" for side in ("keys", "values") for kind in
               ("int64s", "floats", "tensor"))  # fmt: skip


@CLASSICAL.reads(
    "LabelEncoder", *TABLES, "values_strings", "default_int64", "default_float", "default_string",
    "default_tensor",
)  # fmt: skip
def _label_encoder(values: Values, attributes: Attributes) -> Any:
    """For each number the value that a table has for it, or the default."""
    (x,) = values
    keys, found = _table(attributes, "keys"), _table(attributes, "values")
    names = attributes.get("values_strings") or ()
    if keys is None or (found is None and not names):
        raise ValueError("keys or values that are no numbers")
    if found is None:
        found = np.arange(len(names))
    given = attributes.get("default_tensor")
    if names:
        default = np.asarray(len(names))
    elif given is not None:
        default = np.asarray(given).reshape(())
    else:
        usual = attributes.get("default_float" if found.dtype.kind == "f" else "default_int64")
        default = np.asarray(usual, found.dtype)
    same = shape.expand_dims(x, axis=-1) == keys.astype(x.dtype)
    picked = indexing.take(found, reduce.argmax(same, axis=-1), axis=0)
    return compare.where(reduce.any(same, axis=-1), picked, default)


@CLASSICAL.reads("OneHotEncoder", "cats_int64s", zeros=(1,))
def _one_hot_encoder(values: Values, attributes: Attributes) -> Any:
    (x,) = values
    classes = np.asarray(attributes["cats_int64s"], np.int64).astype(x.dtype)
    return compare.astype(shape.expand_dims(x, axis=-1) == classes, dtype=np.float32)


@CLASSICAL.reads("ZipMap", "classlabels_int64s", "classlabels_strings")
def _zip_map(values: Values, attributes: Attributes) -> Any:
    """The table of probabilities itself, whose columns are the classes in order."""
    return arithmetic.identity(values[0])


CLASSICAL.update({
    "ArrayFeatureExtractor": _extracted,
})
