"""How much of the public face is explained: three shares, each at least 95 of 100."""

from __future__ import annotations

import pytest

from tools.docstrings import Entry, entries, has_example, shares, unexplained, unsaid

LEAST = 0.95


def test_public_names_are_explained():
    for share in shares():
        print(share)
        assert share.good >= LEAST * share.asked, (str(share), share.missing)


def test_many_are_asked():
    every = entries()
    paths = {entry.path for entry in every}
    assert {"sg.grad", "sg.nn.Linear", "sg.optim.Adam", "sg.linalg.svd", "sg.Tensor.sum"} & paths
    assert len(every) > 800


def bare(x, axis=None):
    raise ValueError("no")


def whole(x, axis=None):
    """The sum of x.

    Args:
        axis: along which.

    Raises:
        ValueError: always.

    >>> 1
    1
    """
    raise ValueError("no")


def sends(x, axis=None):
    """See `seegrad.sum`."""


def skipping():
    def skips(x): ...

    skips.__doc__ = "Nothing that runs.\n\n>>> 1  # doctest: +SKIP"
    return skips


class Layer:
    """A layer.

    >>> Layer().shown()
    """

    def shown(self): ...
    def hidden(self): ...


@pytest.mark.parametrize(
    ("thing", "example", "missing", "errors"),
    [(bare, False, ["axis"], ["ValueError"]), (whole, True, [], []), (sends, True, [], None),
     (skipping(), False, None, None)],
)  # fmt: skip
def test_what_lacks_is_seen(thing, example, missing, errors):
    entry = Entry("sg.it", thing)
    assert (has_example(entry), unexplained(entry), unsaid(entry)) == (example, missing, errors)


def test_a_method_is_shown_by_its_class():
    assert has_example(Entry("sg.Layer.shown", Layer.shown, Layer))
    assert not has_example(Entry("sg.Layer.hidden", Layer.hidden, Layer))
