"""The chapter's figures as graphs: nodes, edges, values above, derivatives below; and its page."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from gzip import decompress
from html.parser import HTMLParser
from itertools import combinations, pairwise, product
from xml.etree import ElementTree

import numpy as np
import pytest

import seegrad as sg
from seegrad.chapter import graphs
from seegrad.chapter.figures import FIGURES, figure
from seegrad.chapter.page import DERIVATIONS, blocks, chapter_page, inline, read
from seegrad.cli.group import main
from seegrad.drawing.layout.measure import laid
from seegrad.drawing.scene.scene import fold
from seegrad.drawing.scene.steps import walk
from seegrad.drawing.values.summary import shown
from seegrad.i18n import language, set_language


def facts(number, lang="ko"):
    """{name or sign: (value, derivative)} of a figure's edges, for people."""
    graph = figure(number).graph(lang).graph
    found = []
    for edge in graph.edges:
        grad = None if edge.grad is None else shown(float(edge.grad))
        found.append((shown(float(edge.value)), grad))
    return graph, found


def test_every_figure_of_the_chapter_is_there():
    wanted = [f"5-{i}" for i in (*range(1, 18), *range(19, 31))] + [f"A-{i}" for i in range(1, 6)]
    assert set(wanted) <= set(FIGURES)
    assert {"5-18 (x > 0)", "5-18 (x ≤ 0)", "5-19 (1)", "5-19 (2)", "5-19 (3)"} <= set(FIGURES)
    assert {f"A-4 ({i})" for i in range(1, 7)} <= set(FIGURES)
    with pytest.raises(sg.SeegradError, match="no such figure"):
        figure("5-99")


def test_c1_apples_forward():
    graph, edges = facts("5-2")
    assert [edge[0] for edge in edges] == ["100", "2", "200", "1.1", "220"]
    assert (len(graph.operations), len(graph.inputs)) == (2, 3)
    assert all(grad is None for _, grad in edges)


def test_c2_apples_backward():
    _, edges = facts("5-14")
    assert sorted(edges) == sorted(
        [("100", "2.2"), ("2", "110"), ("200", "1.1"), ("1.1", "200"), ("220", "1")]
    )
    _, main_line = facts("5-5")
    assert [g for _, g in main_line if g] == ["2.2", "1.1", "1"]


def test_c3_apples_and_oranges():
    graph, edges = facts("5-17")
    assert (len(graph.operations), len(graph.inputs), len(edges)) == (4, 5, 9)
    assert sorted(edges) == sorted([
        ("2", "110"), ("100", "2.2"), ("150", "3.3"), ("3", "165"), ("200", "1.1"),
        ("450", "1.1"), ("650", "1.1"), ("1.1", "650"), ("715", "1"),
    ])  # fmt: skip
    assert len(figure("5-15").scene("ko").blanks) == 9


def test_c4_local_computation():
    _, edges = facts("5-4")
    for wanted in (("4000", "1.1"), ("100", "2.2"), ("2", "110"), ("1.1", "4200"), ("4620", "1")):
        assert wanted in edges


def test_c5_chain_rule():
    graph, edges = facts("5-8")
    assert [node.op.sign.split("$")[0] for node in graph.operations] == ["+", "**"]
    assert edges == [("3", "14"), ("4", "14"), ("7", "14"), ("49", "1")]
    below = {wire.below for wire in figure("5-7").scene("en").wires}
    assert below == {"∂z/∂z", "(∂z/∂z)(∂z/∂t)", "(∂z/∂z)(∂z/∂t)(∂t/∂x)", "(∂z/∂z)(∂z/∂t)(∂t/∂y)"}


def test_c6_plus_and_times():
    assert facts("5-11")[1] == [("10", "1.3"), ("5", "1.3"), ("15", "1.3")]
    assert facts("5-13")[1] == [("10", "6.5"), ("5", "13"), ("50", "1.3")]


def test_c9_sigmoid_open():
    graph, _ = facts("5-20")
    assert [node.op.sign for node in graph.operations] == ["×", "exp", "+", "/"]
    assert len(graph.edges) == 7
    grads = [float(node.gradient) for node in (*graph.operations[::-1], graph.inputs[0])]
    assert grads == pytest.approx([16, -9, -9, -3, 3])
    values = [float(node.data) for node in graph.operations]
    assert values == pytest.approx([-np.log(3), 1 / 3, 4 / 3, 3 / 4])
    constants = [e for e in graph.edges if e.source.op is None and not e.source.requires_grad]
    assert len(constants) == 2
    assert all(edge.grad is None for edge in constants)
    scenes = [figure(f"5-19 ({i})") for i in (1, 2, 3)]
    assert [f.step(f.scene("en")) for f in scenes] == [6, 7, 8]


def test_c10_the_fused_node_says_the_same():
    closed, opened = figure("5-22").graph(), figure("5-20").graph()
    assert closed.item() == pytest.approx(opened.item())
    assert closed.graph.find("x").grad == pytest.approx(opened.graph.find("x").grad)
    assert "(∂L/∂y)y(1 − y)" in [w.below for w in figure("5-22").scene("ko").wires]


def test_c12_c13_affine():
    one = figure("5-25").graph().graph
    assert one.find("X").grad.tolist() == [14, 32]
    assert one.find("W").grad.tolist() == [[1, 2, 3], [2, 4, 6]]
    assert [node.op.sign for node in one.operations] == ["dot", "+"]
    assert len(one.edges) == 5
    many = figure("5-27").graph().graph
    assert many.find("X").grad.tolist() == [[1, 7], [1, 4], [3, 6]]
    assert many.find("W").grad.tolist() == [[2, 1, 0], [1, 0, 1]]
    assert many.find("B").grad.tolist() == [3, 1, 0]


def test_c16_scores_become_probabilities():
    four = sg.softmax(sg.tensor([5.3, 0.3, 10.1, 0.01]))
    assert four.value == pytest.approx([0.0081618, 0.0000550, 0.9917421, 0.0000411], abs=1e-7)
    z = figure("5-28").graph("ko")
    assert z.graph.find("점수").value == pytest.approx(graphs.SCORES)
    book = {0: 0.008, 1: 0.00005, 2: 0.991, 9: 0.00004}
    assert {i: float(f"{z.value[i]:.1g}" if i != 2 else f"{z.value[i]:.3f}") for i in book} == book
    assert z.graph.find("숫자").shape == (8, 8)
    assert np.argmax(z.value) == graphs.DIGIT


def test_c17_c18_softmax_with_loss():
    z = figure("5-29").graph()
    graph = z.graph
    signs = [node.op.sign for node in graph.operations]
    assert (len(signs), len(graph.edges)) == (16, 28)
    assert {s: signs.count(s) for s in signs} == {"exp": 3, "+": 2, "/": 1, "×": 7, "log": 3}
    assert z.item() == pytest.approx(1.6094379124341003, rel=1e-14)
    assert [float(graph.find(f"a{i}").grad) for i in (1, 2, 3)] == pytest.approx([0.3, -0.8, 0.5])
    y2 = graph.find("y2")
    assert float(y2.gradient) == pytest.approx(-5)
    closed = graphs.softmax_with_loss_closed("en")
    assert closed.graph.find("a").grad == pytest.approx([0.3, -0.8, 0.5])
    boxes = [group.name for group in figure("5-30").scene("en").groups]
    assert boxes == ["Softmax", "Cross Entropy Error"]


def test_softmax_goes_back_in_six_steps():
    steps = []
    for i in range(1, 6):
        shown_at = figure(f"A-4 ({i})")
        steps.append(shown_at.step(shown_at.scene("en")))
    assert steps == sorted(set(steps))
    assert None not in steps


def test_5_1_carries_its_numbers_in_the_circles():
    scene = figure("5-1").scene("en")
    assert [box.sign for box in scene.boxes if box.kind == "operation"] == ["×2", "×1.1"]
    assert [(w.value.numbers[0], w.kind) for w in scene.wires] == [
        (100, "edge"), (200, "edge"), (pytest.approx(220), "output"),
    ]  # fmt: skip
    assert {box.kind for box in scene.boxes} == {"input", "operation", "output"}


def test_the_fork_has_a_figure_of_its_own():
    scene = figure("5-8 (x·x + x)").scene("en")
    trunk = next(wire for wire in scene.wires if wire.kind == "trunk")
    branches = [w.grad.numbers[0] for w in scene.wires if w.source == trunk.target]
    assert branches == [3, 3, 1]
    assert trunk.grad.numbers[0] == 7


@pytest.mark.parametrize("number", ["5-29", "5-30", "A-1", "A-4", "A-5"])
def test_the_wires_of_t_and_y_do_not_cross(number):
    scene = figure(number).scene("en")
    _, plan = laid(scene)
    ends = {box.id: box.name for box in scene.boxes}
    between = [
        plan.paths[wire.id]
        for wire in scene.wires
        if wire.id in plan.paths and re.match("[ty][123]", ends[wire.source])
    ]
    assert len(between) == 6
    assert not any(crossed(a, b) for a, b in combinations(between, 2))


def crossed(one, other):
    """Do two paths, as they are drawn through their points, meet anywhere?"""

    def side(p, q, r):
        return np.sign((q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]))

    return any(
        side(a, b, c) * side(a, b, d) < 0 and side(c, d, a) * side(c, d, b) < 0
        for a, b in pairwise(one)
        for c, d in pairwise(other)
    )


def test_a_4_stands_where_something_flows():
    for i in (1, 2):
        scene = figure(f"A-4 ({i})").scene("en")
        step = walk(scene, fold(scene))[figure(f"A-4 ({i})").step(scene)]
        box = next(box for box in scene.boxes if box.id == step.box)
        back = [w.grad.numbers[0] for w in scene.wires if w.target == box.id and w.backward]
        assert all(back)
        assert sum(map(abs, back)) > 0


@pytest.mark.parametrize("number", ["5-21", "5-22"])
def test_the_closed_sigmoid_opens_and_says_the_same(number):
    scene = figure(number).scene("en")
    (group,) = scene.groups
    assert scene.open == frozenset()
    closed = {(w.above, w.below) for w in fold(scene).wires}
    opened = {(w.above, w.below) for w in fold(scene.opened([group.id])).wires}
    assert closed <= opened
    assert len(closed) == 2


@pytest.mark.parametrize("number", FIGURES)
def test_every_figure_draws_in_both_languages(number):
    for lang in ("ko", "en"):
        scene = figure(number).scene(lang)
        assert scene.boxes
        assert scene.wires
        assert scene.language == lang
        drawn = figure(number)
        for texts in (drawn.above, drawn.below):
            written = {t for w in scene.wires for t in (w.above, w.below)}
            assert set((texts or {}).values()) <= written


# --------------------------------------------------------------- the page


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_both_texts_ask_for_the_same_things(lang):
    ours = [(kind, what) for kind, what in blocks(read(f"text.{lang}.txt"))]
    other = [(kind, what) for kind, what in blocks(read("text.en.txt"))]
    assert [kind for kind, _ in ours] == [kind for kind, _ in other]
    asked = [what.partition(" | ")[0] for kind, what in ours if kind == "figure"]
    captions = [what.partition(" | ")[2] for kind, what in ours if kind == "figure"]
    assert all(captions)
    assert len(set(captions)) == len(captions)
    assert set(asked) == set(FIGURES)
    assert len(asked) == len(set(asked))
    assert {what for kind, what in ours if kind == "derivation"} == set(DERIVATIONS)
    rows = [what for kind, what in ours if kind == "ul"][-1].count("\n") + 1
    assert rows == 16  # what was put right
    text = read(f"text.{lang}.txt")
    assert bool(re.search("[가-힣]", text)) == (lang == "ko")


class Counter(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.count, self.bad = [], {}, []

    def handle_starttag(self, tag, attrs):
        self.count[tag] = self.count.get(tag, 0) + 1
        if tag not in ("meta", "br", "mspace", "img", "input", "path", "circle", "rect", "line"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.count[tag] = self.count.get(tag, 0) + 1

    def handle_endtag(self, tag):
        if tag in self.open:
            while self.open.pop() != tag:
                self.bad.append(tag)


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_page_is_whole_and_alone(lang):
    page = chapter_page(lang)
    counter = Counter()
    counter.feed(page)
    assert counter.bad == []
    assert counter.count["figure"] == 2 * (len(FIGURES) + 1)  # in both languages
    assert counter.count["section"] == 2 * len(DERIVATIONS)
    outside = re.sub(r'xmlns(:\w+)?="[^"]*"', "", page)
    outside = outside.replace("http://www.w3.org/", "")
    assert "http://" not in outside
    assert "https://" not in outside
    assert "Content-Security-Policy" in page
    assert page.index("<figure") < page.index("<nav") < page.index("<h2")  # on the first screen
    assert "000000000" not in re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)


def test_marks_of_the_text():
    assert inline("**a** `b<` $x^{2}$ c") .startswith("<strong>a</strong> <code>b&lt;</code> <math")
    assert list(blocks("# A\n\np\n\n```\nx\n\ny\n```\n\n@5-1")) == [
        ("h1", "A"), ("p", "p"), ("pre", "x\n\ny"), ("figure", "5-1"),
    ]  # fmt: skip


def test_derivations_of_the_chapter():
    texts = {name: make("ko").text for name, make in DERIVATIONS.items()}
    assert "2t · 1 = 2(x + y)" in texts["square"]
    assert "y² exp(−x) = y(1 − y)" in texts["sigmoid"]
    assert "(N, 2) = (N, 3)(3, 2)" in texts["affine"]
    assert "(y − t)/N" in texts["loss"]
    assert texts["apple"].endswith("= 200")
    for make in DERIVATIONS.values():
        ElementTree.fromstring(make("en").mathml)


def test_the_command(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    before = language()
    try:
        assert main(["chapter", "--lang", "ko"]) == 0
        assert "오차역전파법" in (tmp_path / "chapter.html").read_text("utf-8")
        assert main(["chapter", "-o", "a/b/c.html"]) in (1, 2)
        assert main(["chapter", "-o", "chapter.pdf"]) == 2
        assert capsys.readouterr().err.count("\n") == 2
    finally:
        set_language(before)


@pytest.mark.xdist_group("browser")
def test_the_page_lives_in_a_browser(browser, tmp_path):
    file = tmp_path / "chapter.html"
    file.write_text(chapter_page("ko"), "utf-8")
    troubles = []
    context = browser.new_context(offline=True, viewport={"width": 1200, "height": 800})
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda m: troubles.append(m.text) if m.type == "error" else None)
    page.on("request", lambda r: troubles.append(r.url)
            if not r.url.startswith((file.as_uri(), "data:", "blob:")) else None)  # fmt: skip
    page.goto(file.as_uri())
    first = page.locator('article[lang=ko] .explorer[data-figure="5-1"]')
    first.scroll_into_view_if_needed()
    first.locator("svg.canvas .box").first.wait_for()
    first.locator(".do-first").click()
    first.locator(".do-next").click()
    assert first.locator(".count").inner_text().startswith("1 /")
    quiz = page.locator('article[lang=ko] .explorer[data-figure="5-15"]')
    quiz.scroll_into_view_if_needed()
    quiz.locator(".answer").first.wait_for()
    assert quiz.locator(".answer").count() == 9
    training = page.locator('article[lang=ko] .explorer[data-figure="playground"]')
    training.scroll_into_view_if_needed()
    training.locator("button.train").wait_for()
    before = training.locator(".trained").inner_text()
    training.locator("button.train").click()
    expect = pytest.importorskip("playwright.sync_api").expect
    expect(training.locator(".trained")).not_to_have_text(before)
    training.locator("button.train").click()
    context.close()
    assert troubles == []


def test_the_playground_carries_every_network_that_can_be_chosen():
    scene = sg.playground(lang="ko")
    train = scene.program["train"]
    choices = train["choices"]
    nets = json.loads(decompress(b64decode(choices["nets"])))
    asked = product(choices["widths"], choices["depths"], choices["activations"])
    assert set(nets) == {f"{width} {depth} {activation}" for width, depth, activation in asked}
    for name, text in nets.items():
        width, depth, _ = name.split()
        net = json.loads(text)
        assert net["language"] == "ko"
        layers = [
            net["program"]["nodes"][at]["shape"] for _, at in net["program"]["train"]["layers"]
        ]
        assert layers == [[a, b] for a, b in pairwise([2, *[int(width)] * int(depth), 2])]
    for data in choices["data"].values():
        assert np.mean(data["x"], axis=0) == pytest.approx([0, 0], abs=1e-3)
        assert np.std(data["x"], axis=0) == pytest.approx([1, 1], abs=1e-3)
        assert set(data["t"]) == {0, 1}
    assert {*choices["first"]} == {"data", "width", "depth", "activation"}


@pytest.mark.parametrize("given", [(sg.nn.Affine(2, 2),), (None, [[1.0, 2.0]], [0])])
def test_a_playground_wants_a_network_with_its_data_or_nothing(given):
    with pytest.raises(sg.SeegradError, match="a network with its data, or nothing"):
        sg.playground(*given)
