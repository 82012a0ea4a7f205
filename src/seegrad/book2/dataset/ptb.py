"""Penn Treebank: word ids of ptb.train.txt, ptb.valid.txt and ptb.test.txt (chapter 2.4.4)."""

from __future__ import annotations

import os

import numpy as np

from seegrad.book2.arrays import Array
from seegrad.book2.dataset.places import read_text
from seegrad.errors import ValueRangeError
from seegrad.i18n import tr

PARTS = {"train": "ptb.train.txt", "valid": "ptb.valid.txt", "test": "ptb.test.txt"}

Path = str | os.PathLike[str] | None


def load_vocab(path: Path = None) -> tuple[dict[str, int], dict[int, str]]:
    """(word_to_id, id_to_word) of the words of ptb.train.txt, in the order in which they come."""
    word_to_id: dict[str, int] = {}
    for word in _words("train", path):
        word_to_id.setdefault(word, len(word_to_id))
    return word_to_id, {i: word for word, i in word_to_id.items()}


def load_data(
    data_type: str = "train", path: Path = None
) -> tuple[Array, dict[str, int], dict[int, str]]:
    """(corpus, word_to_id, id_to_word); lines end in <eos>. data_type: train, valid (val) or test.

    path: the folder of the three files. Raises MissingFileError, ValueRangeError for another part
    and for a word that is not in the training text.
    """
    part = "valid" if data_type == "val" else data_type
    if part not in PARTS:
        raise ValueRangeError(
            tr("{name} is no part of Penn Treebank", name=repr(data_type)),
            asked="train, valid, val, test", came=repr(data_type),
        )  # fmt: skip
    word_to_id, id_to_word = load_vocab(path)
    words = _words(part, path)
    try:
        corpus = np.array([word_to_id[word] for word in words])
    except KeyError as error:
        raise ValueRangeError(
            tr("{name} has a word that the training text does not have", name=PARTS[part]),
            asked=tr("the words of {name}", name=PARTS["train"]), came=str(error.args[0]),
            hint=tr("write <unk> for it"),
        ) from None  # fmt: skip
    return corpus, word_to_id, id_to_word


def _words(part: str, path: Path) -> list[str]:
    text = read_text(PARTS[part], path, tr("the text of Penn Treebank, a sentence a line"))
    return text.replace("\n", "<eos>").strip().split()
