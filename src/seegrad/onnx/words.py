"""Texts at the ends of a model whose middle is numbers: categories in, class names out.

A text input is looked up by ONNX's LabelEncoder (`ai.onnx.ml`), a result that is a place among
names is said by name (Gather). Nothing of ours is known here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from seegrad.onnx.model import ML, Model, Step, Value
from seegrad.text import fresh

TEXT = np.dtype(object)


def with_words(
    model: Model, inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, Sequence[str]]
) -> Model:
    """The model with these inputs as texts (none of the known ones is place −1), and with these
    outputs, which are places, as names."""
    taken = {*model.constants, *(value.name for value in (*model.inputs, *model.outputs)),
             *(name for step in model.steps for name in step.outputs)}  # fmt: skip
    names = {name: fresh(f"{name}/place", taken) for name in (*inputs, *outputs)}
    lists = {name: fresh(f"{name}/names", taken) for name in outputs}
    looked_up = tuple(
        Step("LabelEncoder", (name,), (names[name],), {
            "keys_strings": list(known), "values_int64s": list(range(len(known))),
            "default_int64": -1,
        }, names[name], domain=ML)
        for name, known in inputs.items()
    )  # fmt: skip
    middle = tuple(
        replace(
            step,
            inputs=tuple(names.get(name, name) for name in step.inputs),
            outputs=tuple(names.get(name, name) for name in step.outputs),
        )
        for step in model.steps
    )
    constants = {lists[name]: np.array([*known], object) for name, known in outputs.items()}
    said = tuple(
        Step("Gather", (lists[name], names[name]), (name,), {}, name) for name in outputs
    )

    def as_text(values: Sequence[Value]) -> tuple[Value, ...]:
        return tuple(
            replace(value, dtype=TEXT) if value.name in names else value for value in values
        )

    return Model(
        as_text(model.inputs), as_text(model.outputs), {**model.constants, **constants},
        (*looked_up, *middle, *said), model.labels, model.metadata,
    )  # fmt: skip
