"""ONNX's losses of class numbers, with weights for the classes and a class that is passed over."""

from __future__ import annotations

from typing import Any

import numpy as np

from seegrad.onnx.readers.values import Attributes, Readers, Values, at
from seegrad.ops import activation, compare, indexing, reduce, shape

LOSSES = Readers()
"""Losses."""

REDUCTIONS = ("none", "mean", "sum")


def _of_classes(scores: Any, target: Any, weight: Any, attributes: Attributes) -> Any:
    """-w[target] · scores[target], scores (N, C, …), target (N, …); the mean is weighted."""
    ignored = attributes.get("ignore_index")
    counts = np.ones(tuple(target.shape), bool) if ignored is None else target != ignored
    labels = compare.where(counts, target, 0)
    picked = indexing.take_along_axis(scores, shape.expand_dims(labels, axis=1), axis=1)
    each = compare.astype(counts, dtype=scores.dtype)
    if weight is not None:
        each = each * indexing.take(weight, labels, axis=0)
    losses = -shape.squeeze(picked, axis=1) * each
    reduction = attributes.get("reduction", "mean")
    if reduction == "none":
        return losses
    total = reduce.sum(losses)
    return total if reduction == "sum" else total / reduce.sum(each)


@LOSSES.reads("NegativeLogLikelihoodLoss", "ignore_index", reduction=REDUCTIONS)
def _negative_log_likelihood(values: Values, attributes: Attributes) -> Any:
    return _of_classes(values[0], values[1], at(values, 2), attributes)


@LOSSES.reads("SoftmaxCrossEntropyLoss", "ignore_index", reduction=REDUCTIONS)
def _softmax_cross_entropy(values: Values, attributes: Attributes) -> Any:
    """The loss, and the logarithms of the probabilities."""
    logs = activation.log_softmax(values[0], axis=1)
    return _of_classes(logs, values[1], at(values, 2), attributes), logs
