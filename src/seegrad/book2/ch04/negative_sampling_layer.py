"""Negative sampling: right or wrong for a few words instead of a choice among all (chapter 4.2)."""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import Any

import numpy as np

from seegrad.book.arrays import as_array
from seegrad.book2.arrays import Array, as_ids, as_input, fits
from seegrad.book2.formula import Formula
from seegrad.book2.layer import Layer
from seegrad.book2.layers import Embedding, SigmoidWithLoss
from seegrad.book2.network import Network
from seegrad.book2.np import GPU
from seegrad.errors import ShapeError, ValueRangeError
from seegrad.i18n import tr
from seegrad.nn.sizes import whole
from seegrad.ops.indexing import take
from seegrad.ops.reduce import sum as total

__all__ = [
    "GPU",
    "Embedding",
    "EmbeddingDot",
    "NegativeSamplingLoss",
    "SigmoidWithLoss",
    "UnigramSampler",
    "np",
]


class EmbeddingDot(Layer):
    """The product of each h (N, H) with the row of W (V, H) of its word, (N,) (chapter 4.2.3)."""

    formula = Formula(
        lambda h, idx, W: total(take(W, idx, axis=0, negative=False) * h, axis=1), constants="idx"
    )

    def __init__(self, W: Any) -> None:
        super().__init__(W)
        fits("EmbeddingDot", self.params[0], ("V", "H"), "W")

    def forward(self, h: Any, idx: Any) -> Any:
        """One score for each row of h."""
        W = self.params[0]
        h, ids = as_input(h, W, "h"), as_ids(idx, len(W), "idx")
        fits("EmbeddingDot", h, ("N", W.shape[1]), "h")
        fits("EmbeddingDot", ids, (h.shape[0],), "idx")
        return self._run(h, ids)

    def backward(self, dout: Any) -> Any:
        """dh (N, H); fills `grads[0]`, of the shape of W."""
        return self._back(dout)


class UnigramSampler:
    """Draws words by how often they come, to the power of `power` (chapter 4.2.6).

    corpus: word ids. `word_p` has the probability of each id from 0 to the largest.
    """

    def __init__(self, corpus: Any, power: float, sample_size: int) -> None:
        whole(sample_size=sample_size)
        ids = as_ids(corpus, None, "corpus")
        counts = np.bincount(ids.ravel()).astype(float)
        self.sample_size, self.vocab_size = sample_size, len(counts)
        raised = np.where(counts > 0, np.power(np.where(counts > 0, counts, 1), power), 0)
        self.word_p = raised / raised.sum() if ids.size else raised
        possible = int((counts > 0).sum()) - 1
        if possible < sample_size:
            raise ValueRangeError(
                tr("there are too few other words to draw from"),
                asked=tr("more than {count} words in the corpus", count=sample_size),
                came=f"{possible + 1}",
                hint=tr("a smaller sample_size"),
            )

    def get_negative_sample(self, target: Any) -> Array:
        """(N, sample_size) different words for each target (N,), never the target itself.

        Drawn from `np.random` row by row, as in the book, so that a seed gives the same words.
        """
        targets = as_ids(target, self.vocab_size, "target")
        fits("UnigramSampler", targets, ("N",), "target")
        sample = np.zeros((len(targets), self.sample_size), np.int32)
        for row, word in zip(sample, targets):
            p = self.word_p.copy()
            p[word] = 0
            row[:] = np.random.choice(
                self.vocab_size, size=self.sample_size, replace=False, p=p / p.sum()
            )
        return sample


class NegativeSamplingLoss(Network):
    """The loss of saying "right" to the target and "wrong" to drawn words (chapter 4.2.7).

    W: (V, H), shared by all the layers inside; `params` has it once for each of them.
    """

    def __init__(
        self, W: Any, corpus: Any, power: float = 0.75, sample_size: int = 5
    ) -> None:
        self.sample_size = sample_size
        self.sampler = UnigramSampler(corpus, power, sample_size)
        self.loss_layers = [SigmoidWithLoss() for _ in range(sample_size + 1)]
        self.embed_dot_layers = [EmbeddingDot(W) for _ in range(sample_size + 1)]
        self._gather(*self.embed_dot_layers)

    def forward(self, h: Any, target: Any) -> Any:
        """The sum of the mean losses, for h (N, H) and target ids (N,)."""
        h, ids = as_array(h, "h"), as_ids(target, len(self.params[0]), "target")
        if ids.shape != h.shape[:1]:
            raise ShapeError(
                tr("{layer}: {name} does not have the shape it needs",
                   layer="NegativeSamplingLoss", name="target"),
                asked=f"{h.shape[:1]}", came=f"target {ids.shape}",
            )  # fmt: skip
        sample = self.sampler.get_negative_sample(ids)
        losses = []
        for i, (dot, judge) in enumerate(zip(self.embed_dot_layers, self.loss_layers)):
            score = dot.forward(h, ids if i == 0 else sample[:, i - 1])
            losses.append(judge.forward(score, np.full(len(ids), int(i == 0))))
        return reduce(add, losses)

    def backward(self, dout: Any = 1) -> Any:
        """dh (N, H)."""
        pairs = zip(self.loss_layers, self.embed_dot_layers)
        return reduce(add, [dot.backward(judge.backward(dout)) for judge, dot in pairs])
