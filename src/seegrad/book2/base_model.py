"""A network whose parameters go to a file and come back: arrays in an .npz, never a pickle."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from seegrad.book2.network import Network
from seegrad.errors import FormatError, MissingFileError, ShapeError
from seegrad.i18n import tr

__all__ = ["BaseModel", "np"]

BRING = (
    "np.savez('{target}', *[p.astype('f') for p in pickle.load(open('{source}', 'rb'))])"
)
"""What brings the book's own file in, run where the reader trusts it; the first line of the way."""


class BaseModel(Network):
    """What Rnnlm and Seq2seq share (chapter 6.5): saving, loading, and being seen through.

    `params` and `grads` are lists of arrays; a subclass has `forward` and `backward`.
    """

    def __init__(self) -> None:
        self.params, self.grads = [], []

    def forward(self, *args: Any) -> Any:
        """The loss of a batch; what a subclass is for."""
        raise NotImplementedError

    def backward(self, *args: Any) -> Any:
        """Send a derivative back through the layers, which fills `grads`."""
        raise NotImplementedError

    def save_params(self, file_name: str | os.PathLike[str] | None = None) -> Path:
        """Write the parameters, as they are, to `file_name` (by default the class's name .npz).

        A name that ends in .pkl is written with .npz instead. Gives the path that was written.
        """
        path = self._path(file_name).with_suffix(".npz")
        arrays = {f"arr_{i}": param for i, param in enumerate(self.params)}
        with open(path, "wb") as file:
            np.savez(file, **arrays)
        return path

    def load_params(self, file_name: str | os.PathLike[str] | None = None) -> None:
        """Fill the parameters from a file that `save_params` wrote.

        Raises MissingFileError; FormatError for a pickle, which could run anything, with the way to
        bring it in; ShapeError where the network has other sizes, and then nothing has changed.
        """
        path = self._path(file_name)
        beside = path.with_suffix(".npz")
        if beside.exists():
            path = beside
        if not path.exists():
            raise MissingFileError(
                tr("there is no file {name}", name=str(beside)),
                asked=tr("parameters that save_params() wrote"),
                hint=tr("train the network and call save_params() first"),
            )
        if not zipfile.is_zipfile(path):
            raise FormatError(
                tr("{name} is no .npz file; a pickle is never opened", name=str(path)),
                asked=tr("parameters that save_params() wrote"),
                came=path.suffix or str(path),
                hint=tr(
                    "if you trust the file, once, in a Python of your own: {line}",
                    line=BRING.format(source=path.name, target=beside.name),
                ),
            )
        self._fill(path)

    def _fill(self, path: Path) -> None:
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays = [file[f"arr_{i}"] for i in range(len(file.files))]
        except (ValueError, KeyError, OSError) as error:
            raise FormatError(
                tr("{name} does not hold the parameters of a network", name=str(path)),
                asked=tr("arrays arr_0, arr_1, …, as save_params() writes them"),
                came=str(error),
            ) from None
        asked, came = [p.shape for p in self.params], [a.shape for a in arrays]
        if asked != came:
            raise ShapeError(
                tr("{name} holds the parameters of another network", name=str(path)),
                asked=", ".join(map(str, asked)), came=", ".join(map(str, came)),
            )  # fmt: skip
        for param, array in zip(self.params, arrays):
            param[...] = array

    def _path(self, file_name: str | os.PathLike[str] | None) -> Path:
        return Path(file_name if file_name is not None else f"{type(self).__name__}.npz")


class Chain(BaseModel):
    """Layers one behind the other, and a loss: `layers` and `loss_layer`."""

    layers: list[Any]
    loss_layer: Any

    def predict(self, x: Any) -> Any:
        """The scores, before the loss."""
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def forward(self, x: Any, t: Any) -> Any:
        """The mean loss."""
        return self.loss_layer.forward(self.predict(x), t)

    def backward(self, dout: Any = 1) -> Any:
        """Send dout back through all layers; fills `grads`."""
        dout = self.loss_layer.backward(dout)
        for layer in reversed(self.layers):
            dout = layer.backward(dout)
        return dout
