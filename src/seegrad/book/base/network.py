"""What the book's networks share: prediction, loss, accuracy, both gradients, files, the graph.

A network is its layers and a last one that gives the loss. Values flow through `layers` in order;
with a loss, all in one graph, whose backward pass fills the layers' derivatives.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.book.arrays import as_array, as_targets
from seegrad.book.base.layer import Layer
from seegrad.book.base.parameters import Parameters
from seegrad.book.functions import cross_entropy_error
from seegrad.book.gradient import numerical_gradient
from seegrad.data.npz_file import read_npz
from seegrad.errors import FormatError, ShapeError, ValueRangeError
from seegrad.files import beginning, existing, write_whole
from seegrad.graph.graph import Graph
from seegrad.graph.mode import frame
from seegrad.i18n import tr
from seegrad.ops.reduce import sum as total
from seegrad.tensor.tensor import Tensor, tensor
from seegrad.transforms.derivatives import no_grad

Array = NDArray[Any]


class Network:
    """Layers, one after the other, and the one that gives the loss.

    `params` are the layers' arrays by name; `graph` is the whole computational graph of the last
    loss, from x and the parameters to one number.
    """

    weight_decay_lambda: float = 0
    layers: Any
    last_layer: Any
    _loss: Tensor | None = None

    # ------------------------------------------------------------- parameters

    @property
    def params(self) -> Parameters:
        """The layers' arrays by name; assigning a whole set of them fills these arrays."""
        return Parameters(lambda: (layer for _, layer in self._named()))

    @params.setter
    def params(self, values: Mapping[str, Any]) -> None:
        mine = self.params
        if missing := [name for name in mine if name not in values]:
            raise ValueRangeError(
                tr("{name} is missing", name=", ".join(missing)),
                asked=", ".join(mine),
                came=", ".join(map(str, values)),
                hint=tr("to fill some of them: net.params.update(W1=...)"),
            )
        mine.update(values)

    def save_params(self, file_name: Any = "params.npz") -> None:
        """Write the parameters to a file: npz, arrays and no code, whatever the name is."""
        stream = io.BytesIO()
        np.savez(stream, **self.params.copy())  # type: ignore[arg-type]
        write_whole(file_name, stream.getvalue())

    def load_params(self, file_name: Any = "params.npz") -> None:
        """Fill the parameters from a file of `save_params`.

        Raises FormatError for a pickle, which can run any code when it is read, with the way to
        make an npz of it; MissingFileError; ShapeError and ValueRangeError for arrays that are
        another network's.
        """
        file = existing(file_name, tr("an npz file"))
        if beginning(file, 2)[:1] == b"\x80":
            raise FormatError(
                tr("{path} is a pickle, and to read it could run any code", path=file.name),
                asked=tr("an npz file, as save_params writes it"),
                came="pickle",
                hint=tr(
                    "where you trust it, once, in plain Python: import pickle, numpy; "
                    "numpy.savez('params.npz', **pickle.load(open('{path}', 'rb')))",
                    path=file.name,
                ),
            )
        self.params = read_npz(file)

    # ------------------------------------------------------------- forward

    def predict(self, x: Any, train_flg: bool = False) -> Any:
        """The scores, before softmax."""
        for name, layer in self._named():
            with frame(name):
                modes = {"train_flg": train_flg} if getattr(layer, "by_mode", False) else {}
                x = layer.forward(x, **modes)
        return x

    def loss(self, x: Any, t: Any, train_flg: bool = False) -> Any:
        """The mean loss over the batch, with the weight decay where there is one."""
        whole = self._in_one_graph(x, t, train_flg)
        last = self.last_layer
        if getattr(last, "delta", 0):
            rest = whole.item() - last._passed("loss").item()
            return cross_entropy_error(last.y, t, last.delta) + rest
        return whole.item()

    def accuracy(self, x: Any, t: Any) -> float:
        """The share of rows whose largest score is at the label."""
        scores = np.asarray(self.predict(x))
        return float(_right(scores, t).mean())

    # ------------------------------------------------------------- gradients

    def numerical_gradient(self, x: Any, t: Any) -> dict[str, Array]:
        """The gradient by central differences: two forward passes for every parameter.

        All passes leave out the same values, where something is left out at random, and running
        means stay as they were.
        """
        drawn, running = np.random.get_state(), self._running()
        draws = any(getattr(layer, "by_mode", False) for _, layer in self._named())

        def loss(_: Any) -> Any:
            if draws:
                np.random.set_state(drawn)
            return self.loss(x, t, **self._learning())

        try:
            with no_grad():
                return {
                    name: numerical_gradient(loss, array) for name, array in self.params.items()
                }
        finally:
            for layer, mean, variance in running:
                layer.running_mean, layer.running_var = mean, variance

    def gradient(self, x: Any, t: Any) -> dict[str, Array]:
        """The gradient by backpropagation: one forward pass and one backward pass.

        The derivative by x is not computed: nobody asks for it, and it is half of the work.
        """
        self._in_one_graph(x, t, True).backward()
        for _, layer in self._named():
            if isinstance(layer, Layer):
                layer.keep_gradients()
        places = self.params.places()
        return {name: getattr(layer, f"d{part}") for name, (layer, part) in places.items()}

    # ------------------------------------------------------------- seeing

    @property
    def graph(self) -> Graph:
        """The whole graph of the last loss, from x and the parameters to one number."""
        if self._loss is None:
            found: Graph = self.last_layer.graph
            return found
        return self._loss.graph

    def show(self, **options: Any) -> None:
        """Show the graph of the last loss, in the browser or in the notebook."""
        self.graph.show(**options)

    # ------------------------------------------------------------- inside

    def _named(self) -> Iterator[tuple[str, Any]]:
        if isinstance(self.layers, Mapping):
            yield from self.layers.items()
        else:
            counted: Counter[str] = Counter()
            for layer in self.layers:
                kind = type(layer).__name__
                counted[kind] += 1
                yield f"{kind}{counted[kind]}", layer

    def _learning(self) -> dict[str, bool]:
        """How `loss` is told that the network is learning, where it takes that."""
        return {}

    def _running(self) -> list[tuple[Any, Any, Any]]:
        return [
            (layer, layer.running_mean, layer.running_var)
            for _, layer in self._named()
            if hasattr(layer, "running_mean")
        ]

    def _in_one_graph(self, x: Any, t: Any, train_flg: bool) -> Tensor:
        given = (
            x if isinstance(x, Tensor) else tensor(as_array(x, "x"), name="x", requires_grad=False)
        )
        whole: Tensor = self.last_layer.forward(Network.predict(self, given, train_flg), t)
        if self.weight_decay_lambda:
            for _, layer in self._named():
                if isinstance(layer, Layer) and "W" in layer.learned:
                    whole = whole + 0.5 * self.weight_decay_lambda * total(layer._leaves[0] ** 2)
        self._loss = whole
        return whole


class ImageNetwork(Network):
    """A network of images, whose accuracy is counted in parts: all of them at once need memory."""

    def accuracy(self, x: Any, t: Any, batch_size: int = 100) -> float:
        """The share of images whose largest score is at the label; the last part may be smaller."""
        x, t = as_array(x, "x"), as_array(t, "t")
        if not isinstance(batch_size, (int, np.integer)) or batch_size < 1:
            raise ValueRangeError(
                tr("a mini-batch has at least one row"), asked="batch_size ≥ 1",
                came=f"batch_size={batch_size!r}",
            )  # fmt: skip
        if not t.ndim or len(x) != len(t):
            raise ShapeError(
                tr("there is not one label for each sample"),
                asked=tr("x and t with the same first axis"),
                came=f"x {x.shape} · t {t.shape}",
            )
        right = [
            _right(np.asarray(self.predict(x[i : i + batch_size])), t[i : i + batch_size])
            for i in range(0, len(x), batch_size)
        ]
        return float(np.concatenate(right).mean()) if right else float("nan")


def _right(scores: Any, t: Any) -> Any:
    """Of each row: is its largest score at the label?"""
    targets = np.asarray(as_targets("accuracy", scores, t))
    labels = targets if targets.ndim < scores.ndim else targets.argmax(axis=-1)
    return np.atleast_1d(scores.argmax(axis=-1) == labels)


def scaled_randn(std: Any, fan_in: int, *shape: int) -> Array:
    """First weights from `np.random.randn`: deviation `std`, or He's or Xavier's by its name.

    Raises ValueRangeError for anything else.
    """
    word = str(std).lower()
    if word in ("relu", "he"):
        std = np.sqrt(2.0 / fan_in)
    elif word in ("sigmoid", "xavier"):
        std = np.sqrt(1.0 / fan_in)
    if isinstance(std, (bool, str)) or not isinstance(std, (int, float, np.number)):
        raise ValueRangeError(
            tr("first weights have a deviation, or that of He or Xavier"),
            asked="0.01 | 'relu' | 'he' | 'sigmoid' | 'xavier'",
            came=f"weight_init_std={std!r}",
        )
    return np.asarray(std * np.random.randn(*shape))


def widths(**sizes: Any) -> None:
    """ValueRangeError for a size that is no whole number from 1."""
    for name, width in sizes.items():
        if not isinstance(width, (int, np.integer)) or isinstance(width, bool) or width < 1:
            raise ValueRangeError(
                tr("a layer is at least one value wide"),
                asked=tr("a whole number from 1"),
                came=f"{name}={width!r}",
            )


def settings(name: str, given: Any, wanted: Sequence[str]) -> dict[str, Any]:
    """A dict of settings with exactly these names, such as the book's conv_param."""
    if not isinstance(given, Mapping) or set(given) != set(wanted):
        raise ValueRangeError(
            tr("{name} has other names than a convolution's", name=name),
            asked=", ".join(wanted),
            came=", ".join(map(str, given)) if isinstance(given, Mapping) else f"{given!r}",
        )
    return dict(given)
