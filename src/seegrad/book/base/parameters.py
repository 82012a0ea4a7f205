"""The arrays of a network by name, as the book's `params`: a view of what its layers hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, MutableMapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.book.arrays import as_array
from seegrad.errors import ShapeError, ValueRangeError
from seegrad.i18n import tr

Array = NDArray[Any]


class Parameters(MutableMapping[str, Array]):
    """The arrays of a network's layers by name: W1, b1, gamma1, beta1, W2 …

    The number is that of the layer with weights; a normalisation has that of the one before it.

    Nothing is kept here: what is read is the layer's own array, and what is set, in whatever way,
    fills it. Raises ShapeError for a value of another shape, ValueRangeError for a name that no
    layer has and for taking one away; then nothing has changed.
    """

    def __init__(self, layers: Callable[[], Iterable[Any]]) -> None:
        self._layers = layers

    def places(self) -> dict[str, tuple[Any, str]]:
        """Of each name the layer and the attribute where its array stands."""
        found, number = {}, 0
        for layer in self._layers():
            learned = getattr(layer, "learned", ())
            number += "W" in learned
            found.update({f"{name}{number}": (layer, name) for name in learned})
        return found

    def _arrays(self) -> dict[str, Array]:
        return {name: getattr(layer, part) for name, (layer, part) in self.places().items()}

    def __getitem__(self, name: str) -> Array:
        return self._arrays()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays())

    def __len__(self) -> int:
        return len(self._arrays())

    def __repr__(self) -> str:
        return repr(self._arrays())

    def __contains__(self, name: object) -> bool:
        return name in self._arrays()

    def copy(self) -> dict[str, Array]:
        """A dict with copies of the arrays, which later changes do not reach."""
        return {name: np.array(array) for name, array in self.items()}

    def __setitem__(self, name: str, value: Any) -> None:
        self.update({name: value})

    def update(self, *values: Any, **more: Any) -> None:
        """Fill the arrays of these names, all or none."""
        arrays, filled = self._arrays(), []
        for name, value in dict(*values, **more).items():
            if name not in arrays:
                raise self._refused(tr("no layer has a parameter {name}", name=name), name)
            given = np.asarray(as_array(value, name))
            if given.shape != arrays[name].shape:
                raise ShapeError(
                    tr("{name} has another shape than the value for it", name=name),
                    asked=f"{arrays[name].shape}",
                    came=f"{given.shape}",
                )
            if given is not arrays[name]:
                filled.append((arrays[name], np.array(given)))
        for array, given in filled:
            array[...] = given

    def __ior__(self, values: Any) -> Parameters:
        self.update(values)
        return self

    def setdefault(self, name: str, default: Any = None) -> Array:
        """The array of this name; there is no new one to be made."""
        if name not in self:
            raise self._refused(tr("no layer has a parameter {name}", name=name), name)
        return self[name]

    def __delitem__(self, name: str) -> None:
        raise self._refused(tr("a parameter cannot be taken from its layer"), name)

    def pop(self, name: str, *default: Any) -> Any:
        del self[name]

    def popitem(self) -> Any:
        del self[next(reversed(self._arrays()))]

    def clear(self) -> None:
        del self[", ".join(self)]

    def _refused(self, problem: str, name: object) -> ValueRangeError:
        return ValueRangeError(
            problem,
            asked=", ".join(self),
            came=str(name),
            hint=tr("give net.layers another layer, or copy the arrays: net.params.copy()"),
        )
