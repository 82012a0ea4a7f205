"""Losses as modules: one number for how wrong the outputs are, the mean over the batch.

A table of contents: `classes` and `numbers` are what is foretold, `pairs` compares vectors, `ctc`
sums over alignments; `reduction` is what all share. Losses that are one operation: `ops.nn.loss`.
"""

from seegrad.nn.losses.classes import BCELoss as BCELoss
from seegrad.nn.losses.classes import BCEWithLogitsLoss as BCEWithLogitsLoss
from seegrad.nn.losses.classes import CrossEntropyLoss as CrossEntropyLoss
from seegrad.nn.losses.classes import HingeEmbeddingLoss as HingeEmbeddingLoss
from seegrad.nn.losses.classes import MultiLabelMarginLoss as MultiLabelMarginLoss
from seegrad.nn.losses.classes import MultiLabelSoftMarginLoss as MultiLabelSoftMarginLoss
from seegrad.nn.losses.classes import MultiMarginLoss as MultiMarginLoss
from seegrad.nn.losses.classes import NLLLoss as NLLLoss
from seegrad.nn.losses.classes import SoftMarginLoss as SoftMarginLoss
from seegrad.nn.losses.classes import SoftmaxWithLoss as SoftmaxWithLoss
from seegrad.nn.losses.ctc import CTCLoss as CTCLoss
from seegrad.nn.losses.numbers import GaussianNLLLoss as GaussianNLLLoss
from seegrad.nn.losses.numbers import HuberLoss as HuberLoss
from seegrad.nn.losses.numbers import KLDivLoss as KLDivLoss
from seegrad.nn.losses.numbers import L1Loss as L1Loss
from seegrad.nn.losses.numbers import MSELoss as MSELoss
from seegrad.nn.losses.numbers import PoissonNLLLoss as PoissonNLLLoss
from seegrad.nn.losses.numbers import SmoothL1Loss as SmoothL1Loss
from seegrad.nn.losses.pairs import CosineEmbeddingLoss as CosineEmbeddingLoss
from seegrad.nn.losses.pairs import CosineSimilarity as CosineSimilarity
from seegrad.nn.losses.pairs import MarginRankingLoss as MarginRankingLoss
from seegrad.nn.losses.pairs import PairwiseDistance as PairwiseDistance
from seegrad.nn.losses.pairs import TripletMarginLoss as TripletMarginLoss
from seegrad.text import public

__all__ = public(globals())
