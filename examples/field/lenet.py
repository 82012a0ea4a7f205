"""LeNet on handwritten digits: two convolutions, two poolings, three fully connected layers.

Run: make lenet DATA=FOLDER, with MNIST's IDX files in FOLDER; or, where seegrad is installed,
python examples/field/lenet.py FOLDER [epochs].
From the 10,000-image file alone (8,000 to train, 2,000 held out) expect a test accuracy of 0.98
after 12 epochs, in about one minute on two cores.
"""

from __future__ import annotations

import sys

import seegrad as sg
from seegrad import nn, optim
from seegrad.training import Lines, Trainer


def lenet(classes: int = 10) -> nn.Sequential:
    """The network of LeCun et al., 1998, with ReLU and max pooling."""
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Affine(400, 120),
        nn.ReLU(),
        nn.Affine(120, 84),
        nn.ReLU(),
        nn.Affine(84, classes),
    )


def main(folder: str, epochs: int = 12) -> float:
    """Train, and return the accuracy on the held-out images."""
    nn.seed(0)
    train, test = (
        (part.x.reshape(-1, 1, 28, 28), part.t) for part in sg.data.mnist(folder).split()
    )
    net = lenet()
    optimizer = optim.Adam(net.parameters(), lr=0.002)
    steps = epochs * -(-len(train[0]) // 64)
    schedule = optim.Schedule(optimizer, optim.cosine(steps, least=0.02))
    trainer = Trainer(net, optimizer, callbacks=[Lines()], schedule=schedule)
    trainer.fit(train, test, epochs=epochs, batch=64)
    return trainer.history.last["test_accuracy"]


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    print("test accuracy", main(sys.argv[1], *map(int, sys.argv[2:])))
