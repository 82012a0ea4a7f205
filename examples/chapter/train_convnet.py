"""Chapter 7's SimpleConvNet on real digits, compiled: 30 filters, pooling, 100 neurons (7.5).

Run: make mnist DATA=FOLDER, with MNIST's IDX files in FOLDER; or, where seegrad is installed,
python examples/chapter/train_convnet.py FOLDER [epochs].
From the 10,000-image file alone (8,000 to train, 2,000 held out) expect a test accuracy of about
0.98 after the book's 20 epochs, a minute or two on two cores. The parameters are kept in params.npz
here, and the book's own class, filled with them, counts again.
"""

from __future__ import annotations

import sys

import numpy as np

import seegrad as sg
from seegrad import nn, optim
from seegrad.book import SimpleConvNet
from seegrad.training import Lines, Trainer


def convnet() -> nn.Sequential:
    """conv - relu - pool - affine - relu - affine."""
    return nn.Sequential(
        nn.Conv2d(1, 30, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Affine(30 * 12 * 12, 100),
        nn.ReLU(),
        nn.Affine(100, 10),
    )


def as_the_books(net: nn.Sequential) -> SimpleConvNet:
    """The book's class with the same parameters."""
    told = SimpleConvNet()
    told.params = dict(zip(told.params, (p.value for p in net.parameters()), strict=True))
    return told


def main(folder: str, epochs: int = 20) -> float:
    """Train as `train_convnet` of chapter 7 does, and return the accuracy on held-out images."""
    nn.seed(0)
    train, test = (
        (part.x.reshape(-1, 1, 28, 28), part.t) for part in sg.data.mnist(folder).split()
    )
    net = convnet()
    optimizer = optim.Adam(net.parameters(), lr=0.001)
    trainer = Trainer(net, optimizer, callbacks=[Lines()])
    trainer.fit(train, test, epochs=epochs, batch=100)
    book = as_the_books(net)
    book.save_params("params.npz")
    found = book.accuracy(*test)
    assert np.isclose(found, trainer.history.last["test_accuracy"], atol=2 / len(test[1]))
    return found


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    print("test accuracy", main(sys.argv[1], *map(int, sys.argv[2:])))
