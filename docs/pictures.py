"""The pictures of the documents, drawn by seegrad itself: `python docs/pictures.py`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import seegrad as sg

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


if __name__ == "__main__":
    main()
