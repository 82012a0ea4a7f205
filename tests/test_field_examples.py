"""The examples of the field run and learn what they say."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parent.parent / "examples"


def example(name, folder="field"):
    spec = importlib.util.spec_from_file_location(name, FOLDER / folder / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_lenet_tells_digits_apart(real_mnist):
    assert example("lenet").main(str(real_mnist), epochs=5) >= 0.975


def test_the_convolutional_network_of_chapter_7(real_mnist, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert example("train_convnet", "chapter").main(str(real_mnist), epochs=2) >= 0.96
    assert (tmp_path / "params.npz").exists()


def test_characters_are_learnt():
    losses = example("characters").main(steps=30)
    assert losses[0] > 4.0
    assert np.mean(losses[-5:]) < 3.2


def test_regression_explains_half_of_the_variance():
    pytest.importorskip("sklearn")
    assert example("diabetes").main() > 0.45
