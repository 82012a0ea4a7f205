"""Training steps kept one by one, to be scrubbed through in the page.

A film keeps the summaries of every box and wire; the graph must stay the same from step to step.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from seegrad.display_hooks import can_present, present
from seegrad.drawing.scene.build import build_scene
from seegrad.drawing.scene.scene import Scene, picture_language
from seegrad.drawing.values.summary import ArraySummary
from seegrad.errors import GraphError
from seegrad.graph.graph import Graph
from seegrad.graph.node import Node
from seegrad.i18n import tr

MOST_MOMENTS = 500

Moment = dict[str, tuple[ArraySummary | None, ...]]


class Film:
    """Takes a picture after every backward pass; `sg.draw(film, "film.html")` plays them.

    >>> import seegrad as sg
    >>> film, w = sg.film(lang="en"), sg.tensor(4.0, name="w")
    >>> for step in range(3):
    ...     loss = w * w
    ...     loss.backward()
    ...     film.take(loss)
    ...     w = sg.tensor(w.value - 0.1 * w.grad, name="w")
    >>> film
    Film(3 moments)
    """

    def __init__(self, *, lang: str | None = None, **options: Any) -> None:
        spoken = lang or options.pop("language", None)
        self._options = {**options, "language": picture_language(spoken)}
        self._scene: Scene | None = None
        self._moments: list[dict[str, Any]] = []

    def take(self, thing: Graph | Node, title: str = "") -> None:
        """Keep the graph's numbers as they are now; after MOST_MOMENTS of them, no more.

        Raises GraphError for another graph.
        """
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
        summaries |= {wire.id: (wire.value, wire.grad, wire.inner) for wire in scene.wires}
        moment = {"title": title or str(len(self._moments)), "readings": summaries}
        self._moments.append(moment | _height(scene))

    def scene(self) -> Scene:
        """The last picture, with all that were taken before it."""
        if self._scene is None:
            return Scene(language=self._options["language"])
        return replace(self._scene, moments=tuple(self._moments))

    def __len__(self) -> int:
        return len(self._moments)

    def __repr__(self) -> str:
        return f"Film({len(self)} moments)"

    def _repr_mimebundle_(self, **options: Any) -> Any:
        if not self._moments or not can_present("mimebundle"):
            return {"text/plain": repr(self)}
        return present("mimebundle", self, **options)


def _height(scene: Scene) -> dict[str, float]:
    """How high the curve over the moments stands: the last output, if it is one number."""
    ends = [w.value for w in scene.wires if w.kind == "output" and w.value is not None]
    if not ends or not ends[-1].numbers or len(ends[-1].numbers) != 1:
        return {}
    return {"loss": float(ends[-1].numbers[0])}


def _shape(scene: Scene) -> tuple[Any, ...]:
    return (
        tuple((box.id, box.kind, box.sign) for box in scene.boxes),
        tuple((wire.source, wire.target, wire.position) for wire in scene.wires),
    )


def film(*, lang: str | None = None, **options: Any) -> Film:
    """An empty film.

    Args:
        lang: "en" or "ko"; by default the language in force.
        **options: as for pictures: open=, title=, rate=.

    Raises ValueRangeError for a language that is not there.

    >>> import seegrad as sg
    >>> picture = film(title="squares")
    >>> picture.take(sg.tensor(2.0, name="x") ** 2, "one")
    >>> len(picture)
    1
    """
    return Film(lang=lang, **options)
