"""Names are the user's text: they stay one line, in messages and in the printed program."""

import ast

import pytest

import seegrad as sg
from seegrad.graph.mode import frame

NAMES = ["class", "multiply", "graph", "a\nimport os", "²", "1", "x y", ""]


@pytest.mark.parametrize("name", NAMES)
def test_the_printed_program_runs_whatever_the_names(name):
    x = sg.tensor(3.0, name=name)
    with frame("box\nraise SystemExit"):
        z = x * x + 1.0
    names = dict(sg.TABLE)
    exec(ast.unparse(ast.parse(z.graph.text())), names)  # noqa: S102  our own printed program
    graph = names["graph"]
    constant = [node for node in z.graph.inputs if node is not x]
    assert float(graph(3.0, *[float(c.value) for c in constant])) == 10.0


def test_an_error_stays_on_its_lines_and_steers_no_terminal():
    x = sg.tensor([1.0, 2.0], name="evil\n  try: \x1b[31mrun this\u202e")
    with pytest.raises(sg.SeegradError) as caught:
        x @ sg.tensor([1.0, 2.0, 3.0])
    message = str(caught.value)
    assert "\x1b" not in message
    assert "\u202e" not in message
    assert len([line for line in message.splitlines() if line.strip().startswith("try:")]) == 1
