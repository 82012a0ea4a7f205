"""Questions and answers, one `question_answer` a line: addition.txt, date.txt (chapter 7.2)."""

from __future__ import annotations

import os

import numpy as np

from seegrad.book2.arrays import Array
from seegrad.book2.dataset.places import read_text
from seegrad.errors import FormatError
from seegrad.i18n import tr

char_to_id: dict[str, int] = {}
id_to_char: dict[int, str] = {}

Pair = tuple[Array, Array]


def load_data(
    file_name: str = "addition.txt",
    seed: int | None = 1984,
    path: str | os.PathLike[str] | None = None,
) -> tuple[Pair, Pair]:
    """(x_train, t_train), (x_test, t_test): ids of letters, shuffled, a tenth of them for testing.

    An answer begins with "_". seed: what `np.random` begins with before it shuffles; None: as it
    stands. Raises MissingFileError, FormatError for a line without "_" or of another length.
    """
    text = read_text(file_name, path, tr("lines such as {line}", line="16+75  _91  "))
    lines = [line for line in text.split("\n") if line]
    cuts = [line.find("_") for line in lines]
    lengths = {(cut, len(line)) for cut, line in zip(cuts, lines)}
    if len(lengths) != 1 or cuts[0] < 1:
        first = (cuts[0], len(lines[0])) if lines else (0, 0)
        wrong = [n for n, (c, s) in enumerate(zip(cuts, lines)) if c < 1 or (c, len(s)) != first]
        raise FormatError(
            tr("{name}: questions and answers of one length each", name=file_name),
            asked=tr("lines such as {line}", line="16+75  _91  "),
            came=f"{wrong[0] + 1}: {lines[wrong[0]][:40]!r}" if wrong else tr("no line"),
        )
    char_to_id.clear()
    id_to_char.clear()
    for char in "".join(lines):
        char_to_id.setdefault(char, len(char_to_id))
    id_to_char.update({i: char for char, i in char_to_id.items()})
    ids = np.array([[char_to_id[char] for char in line] for line in lines])
    if seed is not None:
        np.random.seed(seed)
    order = np.arange(len(ids))
    np.random.shuffle(order)
    x, t = ids[order, : cuts[0]], ids[order, cuts[0] :]
    cut = len(x) - len(x) // 10
    return (x[:cut], t[:cut]), (x[cut:], t[cut:])


def get_vocab() -> tuple[dict[str, int], dict[int, str]]:
    """(char_to_id, id_to_char) of the file that was read last."""
    return char_to_id, id_to_char
