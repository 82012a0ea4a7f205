"""No two values have one name in a derivation or in a page's steps, and no name is a symbol."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import numpy as np
import pytest

import seegrad as sg
from seegrad.drawing.scene.build import build_scene
from seegrad.drawing.scene.scene import to_json
from seegrad.drawing.values.names import told_apart, written
from trust.formulas.equations import Counts, alike_faults, explained
from trust.formulas.explained import alike
from trust.formulas.page_lines import read_lines, said, there


def named(value, name):
    return sg.tensor(value, name=name)


def told(z, wrt=None):
    return sg.explain(z, wrt=wrt, lang="en")


@pytest.mark.parametrize("draw", [pytest.param(draw, id=name[:20]) for name, draw in alike()])
def test_names_that_could_be_mixed_up_are_not(draw):
    assert not explained(draw, np.random.default_rng(0), Counts())


def test_a_name_for_two_values_is_seen():
    x = named(2.0, "x")
    known = told(x * x).known
    assert not alike_faults(known)
    label = next(name for name in known if written("x") == str(getattr(name.label, "text", "")))
    assert alike_faults({label: 2.0, type(label)(label.label, (1,)): 3.0})


def test_generated_names_are_none_of_the_users_as_they_are_written():
    a, b, c = named(2.0, "t_1"), named(3.0, "t₁"), named(3.0, "t")
    text = told((a * b + c) ** 2 * a).text
    assert "t₂ = t₁ · t₁′ = 2 · 3 = 6" in text
    a, b = named([1.0, 2.0], "T_1"), named([3.0, 4.0], "T₂")
    assert "T₃ = T₁ ⊙ T₂ = [3, 8]" in told(sg.sum((a * b + a) ** 2)).text


def test_long_names_that_differ_in_their_ends_show_them():
    same = "the weight of the first layer of the network number "
    text = told(named(2.0, same + "1") * named(3.0, same + "2")).text
    assert "number 1 · the weight" in text
    assert "number 2 = 2 · 3 = 6" in text
    assert "…ne… " not in text
    alone = told(named(2.0, same + "1") * 3.0).text
    assert "the weight of the first layer of the ne… · 3" in alone


def test_names_told_apart_stay_apart():
    names = ["x", "x", "x′", "x", "t1", "t_1", "é", "e\u0301", "a" * 90, "a" * 90 + "b"]
    made = told_apart(names * 20)
    assert len({*map(written, made)}) == len(made)
    assert made[0] == "x"
    assert told_apart(["e", "x"], avoided={"e"}) == ["e′", "x"]


def test_a_users_e_is_no_eulers_number():
    e, x = named(2.0, "e"), named(3.0, "x")
    plain = told(e**x + e)
    assert "t = eˣ = 2³ = 8" in plain.text
    assert "exp" not in plain.text
    both = told(sg.exp(e) * x)
    assert "exp(e′)" in both.text
    assert "e^{e′}" in both.latex.replace(r"\text{e′}", "e′")
    assert "∂y/∂e′" in both.text
    array = told(sg.sum(named([1.0, 2.0], "e") ** 2))
    assert "∂y/∂e = " in array.text


def test_a_name_is_no_symbol_of_the_same_formula():
    s, x = named(2.0, "σ"), named(3.0, "x")
    assert "σ(σ′)" in told(sg.sigmoid(s) * x).text
    assert "σ · x" in told(s * x).text
    total = told(sg.sum(named([1.0, 2.0], "Σ"))).text
    assert "Σ Σ′" in total
    counted = told(sg.mean(named([[1.0], [2.0]], "x")) * named(2.0, "N")).text
    assert "(N," not in counted


@pytest.mark.skipif(not there(), reason="node, or what npm ci installs, is not there")
def test_the_pages_own_letters_are_none_of_the_readers():
    h, k, loss = named(2.0, "h₁"), named(3.0, "h_2"), named(5.0, "L")
    e, x = named(2.0, "e"), named(3.0, "x")
    a, b = named(2.0, "t_1"), named(3.0, "t1")
    ends = [(h * k + loss) * h, sg.exp(e) * x + e**x, a * b + a]
    for z in ends:
        z.backward()
    answers = said([{"scene": json.loads(to_json(build_scene(z, rate=0.1)))} for z in ends])
    for answer in answers:
        found, twice = read_lines(answer, np.random.default_rng(0))
        assert not twice
        assert not any(each.fault for each in found)
    first, second, third = (
        ["".join(ElementTree.fromstring(line).itertext()) for line in answer["lines"]]
        for answer in answers
    )
    assert "a2=a1+L=6+5=11" in first
    assert "∂ℓ∂L=∂ℓ∂a2=2" in first
    assert "h1=ee′=e2=7.389" in second
    assert "h1=t1·t₁′=2·3=6" in third


def test_a_scene_without_such_names_carries_no_letters():
    x = named(2.0, "x")
    assert '"letters"' not in to_json(build_scene(x * x))
