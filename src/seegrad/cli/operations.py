"""`seegrad ops`: the table of operations, read from the table itself."""

from __future__ import annotations

import inspect
from typing import Any

import click

from seegrad.cli.group import SpokenCommand, echo_json, json_option, lang_option
from seegrad.errors import ValueRangeError
from seegrad.i18n import tr
from seegrad.ops import TABLE
from seegrad.text import settled


def facts(op: Any) -> dict[str, Any]:
    """What there is to say about one operation."""
    differentiable = bool(op.rules) and op.differentiable
    if op.inlined:
        differentiable = bool({name.lstrip("*") for name in op.inputs} - op.integer_inputs)
    return {
        "name": op.name,
        "sign": op.sign,
        "inputs": list(op.inputs),
        "attributes": sorted(op.attributes),
        "family": op.family,
        "differentiable": differentiable,
        "composite": op.body is not None,
        "onnx": op.onnx,
        "latex": settled(op.latex, op.defaults or {}),
        "summary": (inspect.getdoc(op) or "").split("\n\n")[0].replace("\n", " "),
    }


@click.command("ops", cls=SpokenCommand)
@click.argument("names", nargs=-1)
@json_option
@lang_option
def command(names: tuple[str, ...], as_json: bool) -> None:
    """List operations."""
    unknown = [name for name in names if name not in TABLE]
    if unknown:
        raise ValueRangeError(
            tr("there is no such operation"),
            asked=tr("one of the names that `seegrad ops` lists"),
            came=", ".join(unknown),
        )
    chosen = [facts(TABLE[name]) for name in names or TABLE]
    if as_json:
        echo_json(chosen)
        return
    wide = max(len(row["name"]) for row in chosen)
    for row in chosen:
        inputs = ", ".join([*row["inputs"], *(f"{name}=" for name in row["attributes"])])
        slope = "∂" if row["differentiable"] else " "
        click.echo(f"{row['name']:<{wide}}  {slope}  ({inputs})  {row['summary']}")
    click.echo(tr("{count} operations; ∂ marks those with a derivative", count=len(chosen)))
