"""Words that stand for classes: a model may give a class by its name, and we by its place.

Only steps that hand values on may take such; which names a result stands for is worked out here.
"""

from __future__ import annotations

from collections.abc import Mapping

from seegrad.onnx.model import Model
from seegrad.onnx.reading.source import Source

HANDING_ON = frozenset({
    "ArrayFeatureExtractor", "Flatten", "Gather", "Identity", "Reshape", "Squeeze", "Unsqueeze",
})  # fmt: skip
"""Steps that give what their first input holds."""
NAMING = {"LinearClassifier": "classlabels_strings", "LabelEncoder": "values_strings"}
"""Steps whose first result is a class, and the attribute that has the classes' names."""
TABLES = frozenset({"ZipMap"})
"""Steps that give tables by the names of their columns, of which we give the numbers alone."""


def labels(
    source: Source, model: Model, words: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    """For each output that stands for names of classes, these names in order.

    Raises FormatError where texts go into a step that computes, or where an output is of a type
    that is not read.
    """
    known, tables = dict(words), set()
    for step in model.steps:
        if not step.outputs:
            continue
        if step.operator in HANDING_ON and step.inputs and step.inputs[0] in known:
            known[step.outputs[0]] = known[step.inputs[0]]
            continue
        if texts := [name for name in step.inputs if name in known]:
            raise source.unsupported(texts[0], "string")
        names = step.attributes.get(NAMING[step.operator]) if step.operator in NAMING else None
        if isinstance(names, tuple) and names and all(isinstance(name, str) for name in names):
            known[step.outputs[0]] = names
        if step.operator in TABLES:
            tables.add(step.outputs[0])
    for one in model.outputs:
        if one.dtype == object and one.name not in known and one.name not in tables:
            raise source.unsupported(one.name, str(one.shape[0]))
    return {one.name: known[one.name] for one in model.outputs if one.name in known}
