"""NumPy's Fourier transforms, of tensors too: what is complex comes out as a pair."""

from typing import Any as _Any

from numpy import fft as _fft

from seegrad.autograd.numpy import complex_pairs as _pairs
from seegrad.autograd.numpy import faces as _faces
from seegrad.graph.node import Node as _Node


def _of_tensors(name: str) -> _Any:
    """NumPy's transform; of a tensor the pair that it makes."""
    plain, ours = getattr(_fft, name), _pairs.TRANSFORMS[name]

    def transform(x: _Any, *args: _Any, **kwargs: _Any) -> _Any:
        return (ours if isinstance(x, (_Node, _pairs.Complex)) else plain)(x, *args, **kwargs)

    transform.__name__ = name
    transform.__doc__ = f"`numpy.fft.{name}`; of a tensor the pair that `sg.fft.{name}` gives."
    return transform


globals().update(_faces.faces(_fft))
globals().update({name: _of_tensors(name) for name in _pairs.TRANSFORMS})
