"""What a derivation prints is true: its sides are evaluated, and planted mistakes are seen."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import numpy as np
import pytest

import seegrad as sg
from seegrad.chapter.figures import FIGURES
from seegrad.drawing.formula import samples
from seegrad.drawing.formula.latex import to_latex
from seegrad.drawing.formula.mathml import to_mathml
from seegrad.drawing.formula.symbolic_graph import Sent, SymbolicGraph
from seegrad.drawing.formula.template import read
from seegrad.drawing.formula.terms import Elided, Name, Number, Sum, Times, evaluate, times
from seegrad.drawing.formula.tree import DOTS, Letter
from seegrad.drawing.formula.typeset import Equation, typeset
from seegrad.drawing.formula.unicode import to_text
from seegrad.drawing.scene.build import build_scene
from seegrad.drawing.scene.scene import to_json
from trust.formulas.equations import Counts, explained, faults_of, faults_of_line
from trust.formulas.explained import functions, ops, shapes
from trust.formulas.page_lines import read_lines, reports, said, there
from trust.formulas.printed import reading
from trust.formulas.symbolic_judge import verdicts
from trust.formulas.texts import MEANT, fault_of, formulas_in, label_fault, labels, said_of

X = Name(Letter("x"))


def test_a_false_equality_is_seen():
    twice = Times(2.0, ((X, 1.0),))
    assert not faults_of_line(Equation((Sum(((1.0, X), (1.0, X))), twice)), {X: 3.0})
    assert faults_of_line(Equation((X, twice)), {X: 3.0})
    assert faults_of_line(Equation((X,)), {X: 3.0})
    assert faults_of_line(Equation((X, twice)), {})


def test_a_number_in_the_place_of_n_is_seen(monkeypatch):
    scores = sg.tensor([[0.1, 0.4], [0.3, 0.2], [0.5, 0.9]], name="a")
    targets = sg.tensor(np.eye(3, 2), name="t", requires_grad=False)

    def faults():
        loss = sg.mean_squared_error(scores, targets)
        return faults_of(sg.explain(loss), loss, None)[1]

    assert not faults()
    monkeypatch.setattr(samples, "_number", lambda values, rows: Number(values[1]))
    assert faults()


def test_a_branch_under_the_name_of_the_whole_is_seen(monkeypatch):
    def faults():
        x = sg.tensor(3.0, name="x")
        y = x * x + x
        return faults_of(sg.explain(y), y, None)[1]

    assert not faults()
    monkeypatch.setattr(SymbolicGraph, "has_other_ways", lambda graph, a, b: False)
    assert faults()


def test_sympy_sees_a_wrong_derivative(monkeypatch):
    rng = np.random.default_rng(0)

    def judged():
        x, y = sg.tensor(3.0, name="x"), sg.tensor(2.0, name="y")
        return verdicts(sg.explain(sg.sigmoid(x * y) * x), rng)

    count, faults = judged()
    assert count == 2
    assert not faults
    right = SymbolicGraph.arriving

    def doubled(graph, node, position, g):
        return Sent(times(2.0, [(right(graph, node, position, g).term, 1.0)]))

    monkeypatch.setattr(SymbolicGraph, "arriving", doubled)
    assert judged()[1]


@pytest.mark.parametrize(
    ("explained", "line"),
    [
        (lambda x, y: x**2 * y, "∂z/∂x = ∂z/∂t · ∂t/∂x = y · 2x = 2xy"),
        (lambda x, y: x**y, "∂z/∂y = z · log x"),
        (lambda x, y: x * x + x, "∂y/∂x = ∂y/∂t · ∂t/∂x + ∂y/∂x⁽²⁾ = 1 · 2x + 1 = 2x + 1"),
        (lambda x, y: sg.sigmoid(x * y + 1), "t₃ = t₂ · (−1)"),
    ],
)
def test_lines_read_as_in_a_textbook(explained, line):
    x, y = sg.tensor(3.0, name="x"), sg.tensor(2.0, name="y")
    assert line in sg.explain(explained(x, y), lang="en").text


def test_losses_have_their_n_and_no_computers_guards():
    a = sg.tensor([[0.1, 0.4], [0.3, 0.2], [0.5, 0.9]], name="a")
    t = sg.tensor(np.eye(3, 2), name="t", requires_grad=False)
    told = sg.explain(sg.mean_squared_error(a, t), lang="en").text
    assert "∂L/∂a = ∂L/∂L · (a − t)/N = (a − t)/N" in told
    wide = sg.tensor(np.full((3, 3), 0.5), name="a")
    told = sg.explain(sg.mean_squared_error(wide, np.eye(3)), lang="en").text
    assert "(3N)" in told
    told = sg.explain(sg.binary_cross_entropy(a, t), lang="en").text
    assert "((1 − t)/(1 − a) − t/a)/(2N)" in told
    assert "clip" not in told
    told = sg.explain(sg.softmax_cross_entropy(a, [0, 1, 1]), lang="en").text
    assert "L = −1/N Σ onehot(t) log softmax(a)" in told
    told = sg.explain(sg.softmax_cross_entropy(a[0], sg.tensor([1.0, 0.0], name="t"))).text
    assert "= −Σ t log softmax(" in told


def test_a_mean_over_an_axis_says_which_and_only_a_vector_stands_up():
    a = sg.tensor([[0.1, 0.4], [0.3, 0.2], [0.5, 0.9]], name="a")
    told = sg.explain(sg.sum(sg.mean(a, axis=1) ** 2), lang="en").text
    assert "T₁ = mean₁(a)" in told
    assert "aᵀ" not in told
    assert "(∂y/∂T₁)ᵀ = T₁ᵀ = [[0.25, 0.25], [0.25, 0.25], [0.7, 0.7]]" in told


def test_a_convolution_ends_with_its_answer_in_the_books_matrices():
    rng = np.random.default_rng(0)
    x = sg.tensor(rng.normal(size=(2, 1, 4, 4)), name="x")
    w = sg.tensor(rng.normal(size=(3, 1, 2, 2)), name="W")
    y = sg.sum(sg.conv(x, w) ** 2)
    told = sg.explain(y, lang="en")
    assert "∂y/∂W = x ∗_W ∂y/∂T₁" in told.text
    assert "T₈ = T₃ · T₇   (3, 18) = (3, 4)(4, 18)" in told.text
    assert "∂y/∂T₃ = ∂y/∂T₈ · T₇ᵀ" in told.text
    assert not faults_of(told, y, None)[1]


@pytest.mark.parametrize(
    ("latex", "fault"),
    [
        ("x + y = 1", ""),
        ("x y - (-2) = -4", ""),
        ("x - y = -5.1", "is not"),
        ("x y = 6", "is not"),
        ("x + -2 = -4", "two signs"),
        (r"y \cdot -2 = -6", "behind a product"),
        (r"-(x + y) = -1 = -x + y", "is not"),
        (r"\frac{x}{y} = -0.6667 = -\frac{2}{3}", ""),
        (r"\begin{cases}x & (x > 0)\\y & (x \le 0)\end{cases} = 3", ""),
        (r"\log (y - x) = 1.609 = \log 5", ""),
        (r"\log y \cdot y = 3.296 = \log(3) \cdot 3", ""),
        (r"\log 3 \cdot y = 3.296", "could belong"),
        (r"\max(x, y) = 3 = \sqrt{y^{2}}", ""),
    ],
)
def test_a_formula_is_read_as_everybody_reads_it(latex, fault):
    found = reading(to_mathml(read(latex)), {"x": -2.0, "y": 3.0}, np.random.default_rng(0))
    assert (fault in found.fault) if fault else (not found.fault and found.read > 1)


def test_a_sum_behind_a_minus_and_a_negative_number_behind_a_sign_keep_their_brackets():
    x = sg.tensor(-2.0, name="x")
    assert "y = x + t = −2 + (−4) = −6" in sg.explain(x + x * 2, lang="en").text
    both = Sum(((1.0, X), (1.0, Number(2.0))))
    assert to_text(typeset(Times(-1.0, ((both, 1.0),)))) == "−(x + 2)"


def test_a_key_that_has_moved_on_has_a_name_of_its_own():
    layer = sg.nn.Dropout(0.5)
    x = sg.tensor(np.ones((2, 3)), name="x")
    z = sg.sum(layer(layer(x) * 2))
    told = sg.explain(z, lang="en")
    assert "key⁽²⁾" in told.text.replace(" ", "")
    assert not faults_of(told, z, None)[1]


def test_every_derivation_has_its_answer():
    """Of each op of the table that tells a rule the line is no mere row of dots."""
    rng, seen = np.random.default_rng(0), set()
    for name, draw in ops():
        op = name.partition("(")[0]
        with np.errstate(all="ignore"):
            z, _ = draw(rng)
        if op in seen or z.op is None or not z.requires_grad or z.op.family == "elementwise":
            continue
        seen.add(op)
        told = sg.explain(z, gradient=np.ones(z.shape) if z.shape else None)
        sides = [side for step in told.steps for line in step.lines if line for side in line.sides]
        assert not any(isinstance(side, Elided) and side.label == DOTS for side in sides), name


@pytest.mark.skipif(not there(), reason="node, or what npm ci installs, is not there")
def test_a_step_into_a_closed_box_says_its_rule():
    a = sg.tensor(np.log([[2.0, 3, 5], [7, 2, 1]]), name="a")
    t = sg.tensor([[0.0, 0, 1], [1, 0, 0]], name="t", requires_grad=False)
    x, y = sg.tensor(2.0, name="x"), sg.tensor(5.0, name="t")
    ends = [sg.softmax_cross_entropy(a, t), sg.sigmoid(x) * 3, sg.huber(x, y)]
    for z in ends:
        z.backward()
    drawn = [json.loads(to_json(build_scene(z, open="none"))) for z in ends]
    of_run = [scene for _, scene in reports(np.random.default_rng(0), 8)]
    answers = said([{"scene": scene} for scene in drawn + of_run])
    texts = ["".join(ElementTree.fromstring(line).itertext()) for each in answers
             for line in each["lines"]]  # fmt: skip
    assert "∂L∂a=∂L∂L·y−tN→(2, 3)" in texts
    assert any("y=softmax(a)" in text and "N=2" in text for text in texts)
    assert any("·y(1−y)=" in text or "(1−h" in text for text in texts)
    assert sum("clip" in text for text in texts) == 2
    for answer in answers:
        found, twice = read_lines(answer, np.random.default_rng(0))
        assert not twice
        assert not any(each.fault for each in found)
    assert sum(each.read for each in found) > 20  # of the run's report
    answers[1]["lines"] = [line.replace("<mn>3</mn>", "<mn>4</mn>") for line in answers[1]["lines"]]
    assert any(each.fault for each in read_lines(answers[1], np.random.default_rng(0))[0])


@pytest.mark.parametrize(
    ("meant", "said"),
    [
        (r"y = \frac{1}{1 + e^{-x}}", r"y = \frac{1}{1 + e^{x}}"),
        (r"E = \frac{1}{2} \sum (y_{k} - t_{k})^{2}", r"E = \sum (y_{k} - t_{k})^{2}"),
        (r"W \leftarrow W + v", r"W \leftarrow W - v"),
        (r"-\frac{t_{k}}{y_{k}}", r"\frac{t_{k}}{y_{k}}"),
        (r"\frac{H + 2 P - \mathrm{FH}}{S} + 1", r"\frac{H + 2 P - F H}{S} + 1"),
        (r"\frac{\partial L}{\partial W} = X^{\top} \cdot \frac{\partial L}{\partial Y}",
         r"\frac{\partial L}{\partial W} = \frac{\partial L}{\partial Y} \cdot X^{\top}"),
    ],
)  # fmt: skip
def test_a_false_formula_of_a_text_is_seen(meant, said):
    rng, names = np.random.default_rng(0), MEANT[meant]
    assert not fault_of(meant, names(rng), rng).fault
    assert fault_of(said, names(rng), rng).fault


def test_equalities_in_words_and_on_wires_are_found_and_a_false_one_seen():
    rng, figure = np.random.default_rng(0), FIGURES["5-26"]
    text = "With $z = t^{2}$: 10 × 5 = 50, y − t = (0.3, −0.8), `x = 5`; (2,) · (2, 3) = (3,)"
    found = [each for each, _ in formulas_in(text)]
    assert found == ["z = t^{2}", "10 × 5 = 50", "y − t = (0.3, −0.8)", "(2,) · (2, 3) = (3,)"]
    for right, false in [("10 × 5 = 50", "10 × 5 = 55"), (found[3], "(2,) · (2, 3) = (2,)")]:
        assert not said_of(right, False, None, rng).fault
        assert said_of(false, False, None, rng).fault
    assert said_of("q = 2r", False, None, rng).fault  # nobody says what these are
    worth = dict(labels(figure))
    right = "∂L/∂O · Wᵀ: (2,) = (3,)(3, 2)"
    assert not label_fault(right, worth[right], rng).fault
    assert label_fault("Wᵀ · ∂L/∂O: (2,) = (3,)(3, 2)", worth[right], rng).fault
    assert label_fault("∂L/∂O · Wᵀ: (2,) = (3,)(2, 3)", worth[right], rng).fault


def test_a_transposition_says_its_axes_and_a_reshaped_derivative_is_not_passed_on():
    x = sg.tensor(np.arange(24.0).reshape(2, 3, 4), name="x")
    made = sg.reshape(sg.transpose(x, axes=(1, 2, 0)), shape=(12, 2))
    told = sg.explain(sg.sum(made**2), lang="en").text
    assert "x^(⊤(1, 2, 0))" in told
    assert "^(⊤(2, 0, 1))" in told
    swapped = sg.explain(sg.sum(sg.transpose(x, axes=(0, 2, 1)) ** 2), lang="en").text
    assert "xᵀ" in swapped


def test_a_pooled_derivation_says_which_element_is_which():
    x = sg.tensor(np.random.default_rng(0).normal(size=(1, 1, 6, 7)), name="x")
    told = sg.explain(sg.sum(sg.max_pool(x, size=2, steps=(2, 3))), lang="en").text
    assert "(windows x)_(k₁, k₂, p₁, p₂) = x_(2p₁ + k₁, 3p₂ + k₂)" in told
    assert "(overlap G)_(i₁, i₂) = Σ_(2p₁ + k₁ = i₁, 3p₂ + k₂ = i₂) G_(k₁, k₂, p₁, p₂)" in told
    assert "windows" not in sg.explain(sg.sum(x * x), lang="en").text
    seen = sg.unfold(x.value, size=(2, 2), steps=(2, 3))
    at = np.indices(seen.shape)
    k, p = at[2:4], at[4:6]
    assert (seen == x.value[at[0], at[1], 2 * p[0] + k[0], 3 * p[1] + k[1]]).all()


@pytest.mark.parametrize(
    ("function", "last"),
    [
        (lambda x: sg.logsumexp(x, axis=1), "∂L/∂x = (∂L/∂y)ᵀ ⊙ exp(x − yᵀ)"),
        (lambda x: sg.logsumexp(x, axis=0), "∂L/∂x = ∂L/∂y ⊙ exp(x − y)"),
        (lambda x: sg.max(x, axis=1), "∂L/∂x = { (∂L/∂y)ᵀ (x = yᵀ); 0 }"),
        (lambda x: sg.mean(x, axis=1), "∂L/∂x = 1/3 · (∂L/∂y)ᵀ"),
        (lambda x: x @ np.ones(3), "∂L/∂x = (∂L/∂y)ᵀ ⊙ b"),
    ],
)
def test_a_vector_that_goes_over_the_rows_stands_up(function, last):
    x = sg.tensor(np.arange(6.0).reshape(2, 3) ** 2, name="x", requires_grad=True)
    assert last in sg.explain(function(x), lang="en").text


def test_a_composite_of_arrays_says_that_its_inside_is_for_each_element():
    one, many = (sg.sigmoid(sg.tensor(v, name="x", requires_grad=True)) for v in (1.0, [1.0, 2.0]))
    assert "Inside σ(x), step by step:" in sg.explain(one, lang="en").text
    assert "Inside σ(x), step by step, for each element:" in sg.explain(many, lang="en").text
    assert "원소마다 σ(x)의 속을 한 걸음씩 봅니다:" in sg.explain(many, lang="ko").text


def test_one_number_times_an_array_has_no_sign_of_arrays():
    x = sg.tensor([[1.0, 2.0], [3.0, 5.0]], name="x", requires_grad=True)
    assert "(∂y/∂y · (x − s))/N" in sg.explain(sg.var(x), lang="en").text


@pytest.mark.parametrize("draw", [pytest.param(draw, id=name) for name, draw in functions()])
def test_a_function_that_is_one_node_is_told_by_its_name(draw):
    assert not explained(draw, np.random.default_rng(0), Counts())
    assert "⟲" not in sg.explain(draw(np.random.default_rng(0))[0]).text


def test_loops_are_told_apart_from_their_derivatives():
    def turn(c, row):
        return c * row, None

    x, rows = sg.tensor(3.0, name="x"), sg.tensor([1.0, 2.0, 3.0], name="r")
    told = sg.explain(sg.scan(turn, x, rows)[0], lang="en").text
    assert "T = scanₜᵤᵣₙ(x, r) = [18]" in told
    assert "∂y/∂x = scan_(∂turn)(∂y/∂T, scan_(turn, saved)(x, r), r)[0] = 6" in told


def test_a_choice_says_its_condition_and_all_its_branches():
    x, y = sg.tensor(2.0, name="x"), sg.tensor(2.0, name="y")
    tied = sg.explain(sg.maximum(x, y) ** 2, wrt=x, lang="en")
    assert "∂t/∂x = { 1 (x > y); 0.5 (x = y); 0 }" in tied.text
    slope = next(side for step in tied.steps for line in step.lines
                 if to_text(line.tree).startswith("∂t/∂x") for side in line.sides[1:])  # fmt: skip
    names = {to_text(name.label): name for name in tied.known}
    for a, b, right in [(1.0, 3.0, 0.0), (2.0, 2.0, 0.5), (3.0, 1.0, 1.0)]:
        assert evaluate(slope, {names["x"]: a, names["y"]: b}) == right
    apart = sg.explain(sg.maximum(x, y * 2.0), wrt=x, lang="en").text
    assert "{ 1 (x > t); 0 }" in apart
    text = sg.explain(sg.where(x > 0, x**2, -(x**3)), lang="en").text
    assert "y = { t₁ (x > 0); t₃ } = { 4 (2 > 0); −8 } = 4" in text
    assert "∂y/∂t₁ = { 1 (x > 0); 0 }" in text
    many = sg.where((x > 0) & (y < 3), x * y, x)
    assert "(x > 0 ∧ y < 3)" in sg.explain(many, lang="en").text
    held = x > 0
    held.name = "held"
    assert "held = (x > 0) = (2 > 0) = 1" in sg.explain(sg.where(held, x * y, x), lang="en").text


def test_a_sum_of_ones_says_that_nothing_is_tied():
    a = sg.tensor([[1.0, 2.0], [3.0, 0.0]], name="A")
    said = "Σ₀ (A = T₁) = 1   as there are no ties"
    assert said in sg.explain(sg.sum(sg.max(a, axis=0) ** 2), lang="en").text
    tied = sg.explain(sg.sum(sg.max(a * 0.0, axis=0)), lang="en").text
    assert "ties" not in tied


@pytest.mark.parametrize(
    ("explained", "said"),
    [
        (lambda x, y: sg.log(x) ** 2 / sg.log(x**2), "(2 · log x)/(log(x²) · x)"),
        (lambda x, y: sg.log(x) ** 2 / sg.log(x**2), "log(2²) · 2"),
        (lambda x, y: x**y**2, "2 · 512 · log(2) · 3"),
        (lambda x, y: sg.sin(x) * sg.exp(x * y), "sin x · exp(xy)"),
        (lambda x, y: x * y * x + sg.sin(x), "= 2xy + cos x"),
    ],
)
def test_a_function_takes_in_no_factor_behind_it(explained, said):
    x, y = sg.tensor(2.0, name="x"), sg.tensor(3.0, name="y")
    assert said in sg.explain(explained(x, y), lang="en").text


def test_a_sum_takes_in_no_factor_behind_it():
    x = sg.tensor([0.1, 0.2, 0.3], name="x")
    told = sg.explain(sg.log(sg.sum(sg.exp(x))), lang="en")
    assert "1/t · T = 1/(Σ T) · T" in told.text
    total = Times(1.0, ((sg.explain(sg.sum(x)).steps[0].lines[0].sides[1], 1.0), (X, 1.0)))
    assert to_text(typeset(total)) == "(Σ x)x"
    assert to_latex(typeset(total)) == r"\left(\sum x\right) x"


def test_products_that_differ_in_order_are_collected():
    a, b = sg.tensor(2.0, name="pi"), sg.tensor(3.0, name="rho")
    told = sg.explain(a * b * a, wrt=a, lang="en").text
    assert "= 2 · pi · rho" in told


def test_an_array_of_ones_is_no_number_among_matrices():
    rng = np.random.default_rng(0)
    a, w, x = (sg.tensor(rng.normal(size=shape), name=name)
               for shape, name in [((6,), "A"), ((6, 2), "W"), ((2, 6), "x")])  # fmt: skip
    square = sg.tensor(rng.normal(size=(2, 2)), name="S")
    left = sg.explain(sg.sum(a @ w), wrt=w, lang="en").text
    assert "∂y/∂W = Aᵀ · ∂y/∂T = [" in left
    right = sg.explain(sg.sum(x @ w), wrt=x, lang="en").text
    assert "∂y/∂x = ∂y/∂T · Wᵀ = [" in right.replace("   ", " ")
    assert "1 · Wᵀ" not in right
    inverse = sg.explain(sg.sum(sg.linalg.inv(square)), lang="en").text
    assert "· 1 ·" not in inverse
    assert "diag 1" not in sg.explain(sg.sum(sg.diagonal(square)), lang="en").text
    each = sg.explain(sg.sum(x[0:1] * x[1, 1]), lang="en").text
    assert "1t" not in each


@pytest.mark.parametrize("draw", [pytest.param(draw, id=name) for name, draw in shapes()])
def test_what_changes_a_shape_is_said_in_its_shape(draw):
    assert not explained(draw, np.random.default_rng(0), Counts())


def test_a_value_under_another_shape_is_no_equality():
    rng = np.random.default_rng(0)
    line = to_mathml(read("a = b"))
    assert reading(line, {"a": np.ones((2, 3, 4)), "b": np.ones((2, 4))}, rng).fault
    assert reading(line, {"a": np.ones((2, 1)), "b": np.array([1.0, 2.0])}, rng).fault
    assert not reading(line, {"a": np.ones((2, 3)), "b": np.ones(3)}, rng).fault
    a = sg.tensor(rng.normal(size=(2, 3, 4)), name="A")
    middle = sg.explain(sg.sum(sg.sum(a**2, axis=1) ** 2), lang="en").text
    assert "∂y/∂T₁ = reshape_(2, 1, 4)(∂y/∂T₂) = reshape_(2, 1, 4)(2T₂)" in middle
    flat = sg.explain(sg.sum(sg.reshape(a, (24,)) ** 2), lang="en").text
    assert "T₁ = reshape₂₄(A)" in flat
    assert "∂y/∂A = reshape_(2, 3, 4)(∂y/∂T₁)" in flat
    x = sg.tensor([1.0, 2.0], name="x")
    assert "T₁ = reshape_(1, 2)(x)" in sg.explain(sg.sum(sg.stack([x, x]) ** 2), lang="en").text
    assert "∂z/∂x = (∂z/∂T₁)ᵀ" in sg.explain(
        sg.sum(x[:, None] * sg.tensor([[1.0, 2.0]], name="y")), lang="en"
    ).text
    m = sg.tensor(rng.normal(size=(2, 4)), name="x")
    assert "s = (mean₁(x))ᵀ" in sg.explain(sg.sum(sg.var(m, axis=1)), lang="en").text
