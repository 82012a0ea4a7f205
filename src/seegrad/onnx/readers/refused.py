"""Operators of ONNX that are not read, and why: the one place that says so.

What is on no list is simply not known; what is here is known and has no counterpart.
"""

from __future__ import annotations

from seegrad.i18n import tr

SHAPE, LISTS, RANDOM, TEXTS, TREES, BITS = "shape", "lists", "random", "texts", "trees", "bits"

REFUSED: dict[str, str] = {
    **dict.fromkeys(("NonZero", "Unique", "Compress", "NonMaxSuppression"), SHAPE),
    **dict.fromkeys(
        (
            "ConcatFromSequence", "SequenceAt", "SequenceConstruct", "SequenceEmpty",
            "SequenceErase", "SequenceInsert", "SequenceLength", "SequenceMap", "SplitToSequence",
            "Optional", "OptionalGetElement", "OptionalHasElement",
        ),
        LISTS,
    ),
    **dict.fromkeys(
        (
            "Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform",
            "RandomUniformLike",
        ),
        RANDOM,
    ),
    **dict.fromkeys(
        (
            "ImageDecoder", "RegexFullMatch", "StringConcat", "StringNormalizer", "StringSplit",
            "TfIdfVectorizer", "CastMap", "CategoryMapper", "DictVectorizer",
        ),
        TEXTS,
    ),
    **dict.fromkeys(
        ("TreeEnsemble", "TreeEnsembleClassifier", "TreeEnsembleRegressor"), TREES
    ),
    "BitCast": BITS,
}  # fmt: skip
"""Each operator that is refused, and the kind of reason."""


def reason(operator: str) -> str:
    """Why an operator is not read; nothing where it is not known at all."""
    return {
        SHAPE: tr("the size of its result depends on the numbers"),
        LISTS: tr("lists of arrays, and values that may be missing"),
        RANDOM: tr("random numbers without a key"),
        TEXTS: tr("texts or pictures, not numbers"),
        TREES: tr("trees have no derivative"),
        BITS: tr("the bits of a number"),
    }.get(REFUSED.get(operator, ""), "")
