"""What `help` shows of an operation: its examples run, the errors that it names are raised."""

from __future__ import annotations

import doctest

import numpy as np
import pytest

import seegrad as sg
from seegrad.errors import CallError, DTypeError, ShapeError

OURS = [op for op in sg.TABLE.values() if op.forward.__module__.startswith("seegrad.")]
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def failures(text, name):
    found = []
    test = doctest.DocTestParser().get_doctest(text, {"sg": sg, "np": np}, name, None, 0)
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    runner.run(test, out=found.append)
    assert runner.tries, name
    return found


def test_every_operation_has_an_example_that_runs():
    for op in OURS:
        assert failures(op.__doc__, op.name) == []
        assert op.__doc__.startswith(op.forward.__doc__.strip()[:40])


def test_a_wrong_example_is_seen():
    text = OURS[0].__doc__
    wrong = text[: text.index(">>>")] + text[text.index(">>>") :].replace("\n    ", "\n    7")
    assert failures(wrong, "wrong")


def first_case(op):
    return next(c for c in op.cases if all(0 not in shape for shape in c.shapes))


def test_the_errors_that_are_named_are_raised():
    for op in OURS:
        case = first_case(op)
        with pytest.raises(CallError):
            op(*(np.ones(shape) for shape in case.shapes), no_such_argument=1)
        with pytest.raises(CallError):
            op(no_such_argument=1)
        for i in range(len(case.shapes)):
            given = [np.ones(shape) for shape in case.shapes]
            given[i] = np.full(case.shapes[i], "word")
            with pytest.raises(DTypeError):
                op(*given, **case.attrs)


def test_shapes_that_do_not_fit_are_refused_where_it_is_said():
    for op in OURS:
        if op.family == "reduction":
            with pytest.raises(ShapeError):
                op(np.ones(3), axis=7)
        elif op.family == "elementwise" and "ShapeError" in op.__doc__:
            shapes = [(2,), (3,), (3,)][: len(op.inputs)]
            with pytest.raises(ShapeError):
                op(*map(np.ones, shapes), **first_case(op).attrs)


def test_help_shows_what_the_table_knows():
    text = sg.sum.__doc__
    for word in ("Args:", "axis:", "Differentiable by x", "Raises:", "CallError", ">>> sg.sum("):
        assert word in text
    assert type(OURS[0]).__doc__.startswith("An op of")
