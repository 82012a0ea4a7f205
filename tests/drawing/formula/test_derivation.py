"""Derivations read like the chapter, in both languages; formulas agree with the numbers."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest

import seegrad as sg
from seegrad.autodiff.chain_rule import unbroadcast
from seegrad.drawing.formula.derivation import explain
from seegrad.drawing.formula.latex import to_latex
from seegrad.drawing.formula.mathml import to_mathml
from seegrad.drawing.formula.rules import symbol
from seegrad.drawing.formula.template import read
from seegrad.drawing.formula.terms import Name, evaluate, shape_of, term_of
from seegrad.drawing.formula.tree import Letter
from seegrad.drawing.formula.typeset import typeset
from seegrad.drawing.formula.unicode import to_text
from seegrad.drawing.scene.build import build_scene
from seegrad.graph.node import Node
from seegrad.graph.spec import Spec
from seegrad.ops import TABLE
from seegrad.text import settled

SQUARE_KO = """\
x에 대한 z의 미분
1. 중간 값마다 이름을 붙입니다.
   t = x + y = 3 + 4 = 7
   z = t² = 7² = 49
2. 국소적 미분: 노드마다 자기 입력과 출력만 봅니다.
   ∂z/∂t = 2t
   ∂t/∂x = 1
3. 연쇄법칙: 경로를 따라 국소적 미분을 곱합니다.
   ∂z/∂x = ∂z/∂t · ∂t/∂x = 2t · 1 = 2(x + y)
4. 수를 넣습니다.
   ∂z/∂x = 2(3 + 4) = 14"""

APPLE_EN = """\
The derivative of price with respect to apple, count, tax
1. Give every intermediate value a name.
   t = apple · count = 100 · 2 = 200
   price = t · tax = 200 · 1.1 = 220
2. Local derivatives: each node sees only its own inputs and output.
   ∂price/∂t = tax
   ∂t/∂apple = count
   ∂t/∂count = apple
   ∂price/∂tax = t
3. The chain rule: multiply the local derivatives along the path.
   ∂price/∂apple = ∂price/∂t · ∂t/∂apple = tax · count
   ∂price/∂count = ∂price/∂t · ∂t/∂count = tax · apple
4. Put the numbers in.
   ∂price/∂apple = 1.1 · 2 = 2.2
   ∂price/∂count = 1.1 · 100 = 110
   ∂price/∂tax = 100 · 2 = 200"""

AFFINE_KO = """\
X, W, B에 대한 L의 미분
1. 중간 값마다 이름을 붙입니다.
   T = X · W = [[1, 2, 3], [4, 5, 6], [5, 7, 9]]   (N, 3) = (N, 2)(2, 3)
   Y = T + B = [[8, 10, 12], [11, 13, 15], [12, 15, 18]]
2. 오른쪽에서 왼쪽으로: 상류에서 온 미분에 국소적 미분을 곱합니다.
   ∂L/∂Y = [[2, 1, −1], [1, 0, 0], [0, 0, 1]]
   ∂L/∂B = Σ₀ ∂L/∂Y = [3, 1, 0]   (3,) = Σ₀ (N, 3)
   ∂L/∂T = ∂L/∂Y = [[2, 1, −1], [1, 0, 0], [0, 0, 1]]
   ∂L/∂W = Xᵀ · ∂L/∂T = Xᵀ · ∂L/∂Y = [[2, 1, 0], [1, 0, 1]]   (2, 3) = (2, N)(N, 3)
   ∂L/∂X = ∂L/∂T · Wᵀ = ∂L/∂Y · Wᵀ = [[1, 7], [1, 4], [3, 6]]   (N, 2) = (N, 3)(3, 2)"""

LOSS_KO = """\
a에 대한 L의 미분
1. 중간 값마다 이름을 붙입니다.
   L = −1/N Σ t log softmax(a) = 0.5249
2. 오른쪽에서 왼쪽으로: 상류에서 온 미분에 국소적 미분을 곱합니다.
   y = softmax(a)
   Σ₁ t = 1
   ∂L/∂L = 1
   ∂L/∂a = ∂L/∂L · (y − t)/N = (y − t)/N = [[0.1, 0.15, −0.25], [−0.15, 0.1, 0.05]]"""


def square():
    x, y = sg.tensor(3.0, name="x"), sg.tensor(4.0, name="y")
    return (x + y) ** 2, x


def apple():
    price = sg.tensor(100.0, name="apple") * sg.tensor(2.0, name="count")
    price = price * sg.tensor(1.1, name="tax")
    price.name = "price"
    return price


def affine():
    x = sg.tensor([[1.0, 0], [0, 1], [1, 1]], name="X")
    w = sg.tensor([[1.0, 2, 3], [4, 5, 6]], name="W")
    return x @ w + sg.tensor([7.0, 8, 9], name="B")


def loss():
    a = sg.tensor(np.log([[2.0, 3, 5], [7, 2, 1]]), name="a")
    t = sg.tensor([[0.0, 0, 1], [1, 0, 0]], name="t")
    return sg.softmax_cross_entropy(a, t), a


def test_the_chapters_square_in_korean():
    z, x = square()
    told = explain(z, wrt=x, lang="ko")
    assert told.text == SQUARE_KO
    assert str(told) == repr(told) == told.text
    assert told.result == 14


def test_apples():
    assert explain(apple(), lang="en").text == APPLE_EN
    assert "000000" not in explain(apple(), lang="ko").latex


def test_affine_with_shapes():
    seed = [[2.0, 1, -1], [1, 0, 0], [0, 0, 1]]
    assert explain(affine(), gradient=seed, lang="ko").text == AFFINE_KO


def test_affine_on_one_sample_is_an_outer_product():
    w = sg.tensor([[1.0, 2, 3], [4, 5, 6]], name="W")
    y = sg.tensor([1.0, 2], name="X") @ w + sg.tensor([7.0, 8, 9], name="B")
    told = explain(y, gradient=[1.0, 2, 3]).text
    line = "∂L/∂W = Xᵀ · ∂L/∂T = Xᵀ · ∂L/∂Y = [[1, 2, 3], [2, 4, 6]]   (2, 3) = (2, 1)(1, 3)"
    assert line in told
    assert "∂L/∂X = ∂L/∂T · Wᵀ = ∂L/∂Y · Wᵀ = [14, 32]   (2,) = (3,)(3, 2)" in told


def test_softmax_with_loss():
    z, a = loss()
    assert explain(z, wrt=a, lang="ko").text == LOSS_KO
    labels = sg.softmax_cross_entropy(a, [2, 0])
    assert "(y − onehot(t))/N" in explain(labels, wrt=a).text


SIGMOID = "(−y²) · 1 · t₂ · (−1) = y² exp(−x) = y(1 − y)"


def test_sigmoid_open_folds_into_y_1_minus_y():
    x = sg.tensor(1.0, name="x")
    closed = explain(sg.sigmoid(x), wrt=x)
    assert "∂y/∂x = y(1 − y)" in closed.text
    assert SIGMOID in closed.text  # its inside, step by step
    opened = explain(sg.expand(sg.sigmoid(x)), wrt=x).text
    assert SIGMOID in opened
    assert "∂y/∂x = 0.7311(1 − 0.7311) = 0.1966" in opened
    by_hand = explain(1 / (1 + sg.exp(-x)), wrt=x).text  # built by the user, recognised
    assert SIGMOID in by_hand


def test_not_every_quotient_is_taken_for_a_sigmoid():
    x = sg.tensor(1.0, name="x")
    assert "y(1 − y)" not in explain(1 / (2 + sg.exp(-x)), wrt=x).text


def test_parts_of_arrays_say_which() -> None:
    x = sg.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], name="x")
    text = explain(sg.sum(x[0] * x[1:, ::-1][1])).text
    assert "= x[0, 0:2] = [1, 2]" in text
    assert "place(∂y/∂T" in text
    w = sg.tensor([[1.0, 0.0], [2.0, 1.0]], name="W")
    told = explain(sg.sum(sg.concatenate([x, w]) ** 2))
    assert "∂y/∂W = (∂y/∂T₁)[3:5, 0:2] = (2T₁)[3:5, 0:2] = [[2, 0], [4, 2]]" in told.text
    assert "() = Σ_(0, 1) (5, 2)" in told.text  # no number of samples that is not one
    assert r"_{\left[3:5, 0:2\right]}" in told.latex


def test_picture_and_derivation_call_the_nameless_alike() -> None:
    y = sg.tensor([1.0, 2.0]) * sg.tensor(3.0) + sg.tensor([4.0, 5.0])
    named = [box.name for box in build_scene(y).boxes if box.kind == "input"]
    assert named == ["x", "b", "b1"]
    assert "with respect to x, b, b₁" in explain(y, gradient=[1.0, 1.0], lang="en").text


def test_paths_are_added():
    x = sg.tensor(3.0, name="x")
    told = explain(x * x + x, wrt="x", lang="ko")
    assert "∂t/∂x = x + x = 2x" in told.text
    assert "경로끼리는 더합니다" in told.text
    assert told.text.endswith("∂y/∂x = 2 · 3 + 1 = 7")


def test_a_long_graph_is_told_in_steps_and_never_explodes():
    x = sg.tensor(0.5, name="x")
    z = x
    for _ in range(30):
        z = z * z * 0.5 + x
    told = explain(z * 1e-9, wrt=x)
    assert max(map(len, told.equations)) < 1000
    deep = sg.tensor(0.5, name="x")
    far = deep
    for _ in range(600):
        far = sg.sin(far)
    assert len(explain(far, wrt=deep).text.splitlines()) < 150
    x = sg.tensor(0.5, name="x")  # one value with very many users
    wide = x
    for _ in range(300):
        wide = sg.sin(wide) + x
    told = explain(wide, wrt=x)
    assert float(told.result) == pytest.approx(sg.grad(_sines)(0.5))
    assert max(map(len, told.equations)) < 1000


def _sines(x):
    wide = x
    for _ in range(300):
        wide = sg.sin(wide) + x
    return wide


def test_what_is_not_there_is_said():
    z, _ = square()
    with pytest.raises(sg.SeegradError, match="no value of this name"):
        explain(z, wrt="w")
    with pytest.raises(sg.SeegradError, match="does not stand in the graph"):
        explain(z, wrt=sg.tensor(1.0, name="other"))
    with pytest.raises(sg.SeegradError, match="value of a graph"):
        explain(3.0)
    with pytest.raises(sg.SeegradError, match="shape"):
        explain(affine(), gradient=[1.0])
    assert explain(z, wrt=z).result == 1


def test_a_tensor_explains_itself():
    z, x = square()
    assert z.explain(wrt=x, lang="ko").text == SQUARE_KO


# --------------------------------------------------------------- every form, every op


def forms(told):
    return told.text, told.latex, told.markdown, told.mathml, told._repr_html_()


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_mathml_is_well_formed(lang):
    for told in (
        explain(square()[0], lang=lang), explain(apple(), lang=lang),
        explain(affine(), lang=lang), explain(loss()[0], lang=lang),
        explain(sg.relu(sg.tensor([1.0, -2.0], name="x")), gradient=[1.0, 1.0], lang=lang),
    ):  # fmt: skip
        root = ElementTree.fromstring(told.mathml)
        assert root.get("lang") == lang
        formulas = root.iter("{http://www.w3.org/1998/Math/MathML}math")
        assert sum(1 for _ in formulas) >= len(told.equations)
        assert told.latex.count("{") == told.latex.count("}")


HOSTILE = [
    "<script>alert(1)</script>", "</math><img src=x onerror=alert(1)>", "]]>", "a&b<c>\"'",
    "\\input{/etc/passwd}", "$x$", "x}{y", "%\\\\", "줄\n바꿈", "\u202eabc", "`rm`", "a_b^c~d",
    "\x00\x1b[31m", "𝒳" * 500, "{name}", "&#60;", "{{", "}}", "\\", "#1",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_text(name):
    def shape_of_it(word):
        x = sg.tensor(2.0, name=word)
        told = explain(x * x + 1, wrt=x)
        tree = ElementTree.fromstring(told.mathml)
        return told, [(e.tag.split("}")[-1], len(e)) for e in tree.iter()]

    told, tags = shape_of_it(name)
    assert tags == shape_of_it("가" * min(len(name), 40))[1]
    assert "<script" not in told.markdown
    assert "<img" not in told.markdown
    assert "\u202e" not in told.text + told.latex + told.mathml
    for letter in told.latex:
        assert letter == "\n" or letter.isprintable()
    unescaped = re.sub(r"\\.", "", told.latex)
    assert unescaped.count("{") == unescaped.count("}")
    assert "$" not in unescaped


def cases():
    for op in TABLE.values():
        if op.inlined or not op.differentiable or op.family == "random":
            continue
        for case in op.cases[:3]:
            if 0 not in [n for shape in case.shapes for n in shape]:
                yield pytest.param(op, case, id=f"{op.name}-{case.shapes}")


@pytest.mark.parametrize(("op", "case"), list(cases()))
def test_the_simplified_formula_is_the_rule(op, case):
    generator = np.random.default_rng(3)
    values = []
    for i, shape in enumerate(case.shapes):
        name = op.inputs[min(i, len(op.inputs) - 1)].lstrip("*")
        if name in case.integers:
            values.append(generator.integers(0, case.integers[name], shape))
            continue
        low, high = case.domain.get(name, op.domain.get(name, (-2.0, 2.0)))
        values.append(np.asarray(generator.uniform(low, high, shape)))
    attrs = op.canonical_attrs(*values, **case.attrs)
    out = np.asarray(op.forward(*values, **attrs))
    g = generator.normal(size=out.shape)
    for i, value in enumerate(values):
        rule = op.rule_at(i)
        if rule is None or value.dtype.kind != "f":
            continue
        ins = [symbol(Spec(v.shape, v.dtype)) for v in values]
        upstream, outcome = symbol(Spec(out.shape, out.dtype)), symbol(Spec(out.shape, out.dtype))
        names = {x: Name(Letter("abcd"[k]), v.shape) for k, (x, v) in enumerate(zip(ins, values))}
        names |= {upstream: Name(Letter("g"), out.shape), outcome: Name(Letter("y"), out.shape)}
        sent = rule(upstream, outcome, ins, attrs, i)
        assert isinstance(sent, Node)
        term = term_of(unbroadcast(sent, ins[i]), names)
        known = {names[x]: v for x, v in zip(ins, values)}
        known |= {names[upstream]: g, names[outcome]: out}
        with np.errstate(all="ignore"):
            wanted = unbroadcast(np.asarray(rule(g, out, values, attrs, i)), value)
            came = np.asarray(evaluate(term, known))
        assert np.allclose(np.broadcast_to(came, value.shape), wanted, rtol=1e-10, atol=1e-12)
        assert np.broadcast_shapes(shape_of(term), value.shape) == value.shape
        tree = typeset(term)
        assert to_latex(tree).count("{") == to_latex(tree).count("}")
        ElementTree.fromstring(to_mathml(tree))
        assert "\\" not in to_text(tree)


def test_every_op_can_be_written():
    for op in TABLE.values():
        tree = read(settled(op.latex, {}))
        ElementTree.fromstring(to_mathml(tree))
        assert "\\" not in to_text(tree), op.name
        assert read(to_latex(tree)) == tree, op.name


def test_a_value_is_named_whatever_the_shapes_beside_it():
    x, W = sg.tensor(np.ones((1, 2)), name="x"), sg.tensor(np.ones((2, 3)), name="W")
    told = explain(x @ W, wrt="W")
    assert told.text == explain(x @ W, wrt=["W"]).text
    with pytest.raises(sg.SeegradError, match="does not stand in the graph"):
        explain(x @ W, wrt=sg.tensor(np.ones((1, 2)), name="x"))
