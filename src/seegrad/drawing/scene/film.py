"""Training steps kept one by one, to be scrubbed through in the page.

A film keeps the summaries of every box and wire; the graph must stay the same from step to step.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from seegrad.drawing.scene.build import build_scene
from seegrad.drawing.scene.scene import Scene
from seegrad.drawing.values.summary import ArraySummary
from seegrad.errors import GraphError
from seegrad.graph.graph import Graph
from seegrad.graph.node import Node
from seegrad.i18n import tr

MOST_MOMENTS = 500

Moment = dict[str, tuple[ArraySummary | None, ArraySummary | None]]


class Film:
    """Takes a picture after every backward pass; `sg.draw(film, "film.html")` plays them.

    >>> import seegrad as sg
    >>> film, w = sg.film(), sg.tensor(4.0, name="w")
    >>> for step in range(3):
    ...     loss = w * w
    ...     loss.backward()
    ...     film.take(loss)
    ...     w = sg.tensor(w.value - 0.1 * w.grad, name="w")
    >>> len(film.scene().moments)
    3
    """

    def __init__(self, **options: Any) -> None:
        self._options = options
        self._scene: Scene | None = None
        self._moments: list[dict[str, Any]] = []

    def take(self, thing: Graph | Node, title: str = "") -> None:
        """Keep the graph's numbers as they are now. Raises GraphError for another graph."""
        scene = build_scene(thing, **self._options)
        if self._scene is not None and _shape(scene) != _shape(self._scene):
            raise GraphError(
                tr("a film shows one graph, and this one is another"),
                asked=tr("{count} boxes", count=len(self._scene.boxes)),
                came=tr("{count} boxes", count=len(scene.boxes)),
                hint=tr("start a new film"),
            )
        if len(self._moments) >= MOST_MOMENTS:
            return
        self._scene = scene
        summaries: Moment = {thing.id: (thing.value, thing.grad) for thing in scene.boxes}
        summaries |= {wire.id: (wire.value, wire.grad) for wire in scene.wires}
        self._moments.append({"title": title or str(len(self._moments)), "readings": summaries})

    def scene(self) -> Scene:
        """The last picture, with all that were taken before it."""
        if self._scene is None:
            return Scene()
        return replace(self._scene, moments=tuple(self._moments))


def _shape(scene: Scene) -> tuple[Any, ...]:
    return (
        tuple((box.id, box.kind, box.sign) for box in scene.boxes),
        tuple((wire.source, wire.target, wire.position) for wire in scene.wires),
    )


def film(**options: Any) -> Film:
    """An empty film; options as for `sg.draw`'s pictures (open=, language=, title=)."""
    return Film(**options)
