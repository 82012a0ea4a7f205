"""The pictures of the documents, drawn by seegrad itself: `python docs/pictures.py`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import seegrad as sg
from seegrad import book, book2
from seegrad.chapter.page import CHAPTERS
from seegrad.graph.graph import Graph

HERE = Path(__file__).parent / "pictures"
WORDS = {
    "en": {"apple": "apple", "count": "how many", "tax": "tax"},
    "ko": {"apple": "사과", "count": "사과의 개수", "tax": "소비세"},
}


def apple(lang: str) -> sg.Tensor:
    """Figure 5-14 of the chapter: two apples and their tax."""
    words = WORDS[lang]
    apple, count, tax = (
        sg.tensor(value, name=words[key])
        for key, value in (("apple", 100.0), ("count", 2.0), ("tax", 1.1))
    )
    price = apple * count * tax
    price.backward()
    return price


def sigmoid() -> sg.Tensor:
    """Figures 5-19 to 5-22: the sigmoid, which folds into y(1 − y)."""
    x = sg.tensor(np.log(3.0), name="x")
    y = sg.sigmoid(x)
    y.backward(16.0)
    return y


def loss() -> sg.Tensor:
    """Figure 5-30: scores, Softmax-with-Loss, and y − t coming back."""
    a = sg.tensor(np.log([3.0, 2.0, 5.0]), name="a")
    value = sg.nn.SoftmaxWithLoss()(a, np.array([0.0, 1.0, 0.0]))
    value.backward()
    return value


def network() -> sg.Tensor:
    """The chapter's network on three digits, in closed boxes."""
    sg.nn.seed(0)
    x, t = sg.data.digits()
    net = sg.nn.Sequential(sg.nn.Affine(64, 50), sg.nn.Sigmoid(), sg.nn.Affine(50, 10))
    value = sg.nn.SoftmaxWithLoss()(net(x[:3]), t[:3])
    value.backward()
    return value


def volume2() -> list[Graph]:
    """A picture for each chapter of the second volume."""
    np.random.seed(0)
    draw, rows = np.random.randn, np.eye(7, dtype=int)
    net = book2.TwoLayerNet(2, 3, 3)
    net.forward(np.array([[0.1, 0.9]]), np.array([1]))
    you, i = (sg.tensor(row, name=name) for name, row in (
        ("you", [0.0, 1, 0, 0]), ("i", [0.0, 1, 0, 1]),
    ))  # fmt: skip
    alike = book2.cos_similarity(you, i)
    alike.backward()
    cbow = book2.SimpleCBOW(7, 2)
    cbow.forward(rows[[[0, 2]]], rows[[1]])
    sampled = book2.NegativeSamplingLoss(draw(7, 2), np.arange(7), sample_size=2)
    sampled.forward(draw(1, 2), np.array([1]))
    rnn = book2.TimeRNN(draw(2, 2), draw(2, 2), np.zeros(2))
    rnn.forward(draw(1, 3, 2))
    rnn.backward(np.ones((1, 3, 2)))
    lstm = book2.LSTM(draw(1, 4), draw(1, 4), np.zeros(4))
    lstm.forward(np.ones((1, 1)), np.zeros((1, 1)), np.full((1, 1), 0.7))
    lstm.backward(1, 1)
    translated = book2.Seq2seq(5, 2, 2)
    translated.forward(np.array([[1, 2, 3]]), np.array([[0, 3, 1]]))
    attention = book2.Attention()
    attention.forward(draw(1, 3, 2), draw(1, 2))
    seen = (net, alike, cbow, sampled, rnn, lstm, translated, attention)
    return [each.graph for each in seen]


def three_layers(lang: str) -> sg.Tensor:
    """Chapter 3 of the book: three layers, forward."""
    x = sg.tensor(np.array([1.0, 0.5]), name="x", requires_grad=False)
    layers = (
        ([[0.1, 0.3, 0.5], [0.2, 0.4, 0.6]], [0.1, 0.2, 0.3]),
        ([[0.1, 0.4], [0.2, 0.5], [0.3, 0.6]], [0.1, 0.2]),
        ([[0.1, 0.3], [0.2, 0.4]], [0.1, 0.2]),
    )
    out: sg.Tensor = x
    for n, (W, b) in enumerate(layers, 1):
        weights, bias = (
            sg.tensor(np.array(value), name=f"{name}{n}", requires_grad=False)
            for name, value in (("W", W), ("b", b))
        )
        out = out @ weights + bias
        out = book.sigmoid(out) if n < 3 else out
    out.name = "y"
    return out


def deep() -> sg.Graph:
    """Chapter 8's network on two images, one box for a layer."""
    np.random.seed(0)
    net = book.DeepConvNet()
    net.gradient(np.random.rand(2, 1, 28, 28), np.array([3, 8]))
    return net.graph


def book_pictures() -> None:
    """One picture for each chapter of the book's first volume."""
    figures = {4: "4a", 6: "6b", 7: "7a"}
    for lang in WORDS:
        end = "" if lang == "en" else ".ko"
        sg.draw(three_layers(lang), HERE / f"book-3{end}.svg", lang=lang, open="none")
        for number, name in figures.items():
            figure = CHAPTERS[number].figures[name].graph(lang)
            sg.draw(figure, HERE / f"book-{number}{end}.svg", lang=lang)
        sg.draw(deep(), HERE / f"book-8{end}.svg", lang=lang, open="none")


def main() -> None:
    HERE.mkdir(exist_ok=True)
    for lang in WORDS:
        end = "" if lang == "en" else ".ko"
        for theme in ("light", "dark"):
            dark = ".dark" if theme == "dark" else ""
            sg.draw(apple(lang), HERE / f"apple{end}{dark}.svg", lang=lang, theme=theme)
        sg.draw(apple(lang), HERE / f"apple-quiz{end}.svg", lang=lang, quiz=True)
        sg.draw(sigmoid(), HERE / f"sigmoid{end}.svg", lang=lang, open="none")
        sg.draw(sigmoid(), HERE / f"sigmoid-open{end}.svg", lang=lang, open="all")
        sg.draw(loss(), HERE / f"loss{end}.svg", lang=lang, open="none")
        sg.draw(network(), HERE / f"network{end}.svg", lang=lang, open=("net",))
    book_pictures()
    for chapter, graph in enumerate(volume2(), 1):
        sg.draw(graph, HERE / f"book2-{chapter}.svg", open="none")


if __name__ == "__main__":
    main()
