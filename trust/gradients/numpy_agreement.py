"""V1: odd calls of every function that answers to one of NumPy's, against NumPy itself.

Arguments are what tests seldom draw: single numbers, nothing at all, other dtypes, tuples of axes.
Where NumPy gives a value, ours has the same shape, dtype and numbers, or is a named refusal; where
NumPy refuses, so do we. What is compiled must say the same as what is not.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

import seegrad as sg
from trust.harness.row import Found, Run, first, row

SHAPES = [(), (0,), (1,), (4,), (2, 3), (0, 3), (2, 0), (3, 1, 2)]
DTYPES = ["float64", "float32", "float16", "int64", "int8", "uint8", "bool"]
AXES: list[Any] = [None, 0, -1, 1, (), (0,), (0, 1), (0, -1), (-1, -2), np.int64(0), 5]

AXIS = [{"axis": axis} for axis in AXES]
KEPT = [*AXIS, *[{"axis": axis, "keepdims": True} for axis in AXES]]
DDOF = [{**k, "ddof": d} for k in KEPT for d in (0, 1)]
DIAGONALS = [{"k": k} for k in (0, 1, -1, 9)]
PLAIN: list[dict[str, Any]] = [{}]
ARGUMENTS: dict[str, list[dict[str, Any]]] = {
    **dict.fromkeys(["sum", "mean", "prod", "max", "min", "all", "any", "argmax", "argmin"], KEPT),
    **dict.fromkeys(["cumsum", "cumprod", "sort", "argsort", "flip", "squeeze"], AXIS),
    **dict.fromkeys(["var", "std"], DDOF),
    **dict.fromkeys(["tril", "triu"], DIAGONALS),
    "diag": [{"k": k} for k in (0, 1, -1)],
    "roll": [
        {"shift": shift, "axis": axis}
        for shift in (1, -7, (1, 2), (1,), (), (1, 2, 3))
        for axis in (None, 0, -1, (0, 1), (0, 0), (), 5)
    ],
    "clip": [{"min": a, "max": b} for a in (None, 0, 1, np.float32(0.5)) for b in (None, 2, 0.5)],
    "expand_dims": [{"axis": axis} for axis in (0, -1, (0, 1), (), 7)],
    "repeat": [{"repeats": n, "axis": axis} for n in (0, 2) for axis in (None, 0, -1)],
    "tile": [{"reps": reps} for reps in (0, 2, (2, 1), (1, 0), ())],
    "diff": [{"n": n, "axis": axis} for n in (0, 1, 2) for axis in (-1, 0)],
    "diagonal": [{"offset": k} for k in (0, 1, -5)],
    "trace": [{"offset": k} for k in (0, 1, -5)],
    "swapaxes": [{"axis1": a, "axis2": b} for a, b in ((0, 1), (0, -1), (0, 0))],
    "moveaxis": [{"source": a, "destination": b} for a, b in ((0, -1), ((0, 1), (1, 0)), ((), ()))],
    "transpose": [{"axes": axes} for axes in (None, (1, 0), (0,), (), (-1, 0))],
    "reshape": [{"shape": shape} for shape in (-1, (-1, 1), (), (3, 2), (0,))],
    "broadcast_to": [{"shape": shape} for shape in ((), (4,), (2, 3), (5, 2, 3), (0,), (0, 3))],
    "isclose": [{}, {"equal_nan": True}, {"rtol": 0.5, "atol": 1}],
}
ELEMENTWISE = {
    name for name, op in sg.TABLE.items() if op.family == "elementwise" and not op.attributes
}
OF_TWO = ["dot", "matmul", "inner", "outer", "kron", "vecdot", "isclose"]
WIDER = {"matmul", "dot", "inner", "vecdot", "mean", "var", "std", "cumsum", "cumprod", "prod",
         "sum"}  # fmt: skip
"""What float16 may give more exactly than NumPy, which does not always add up in float32."""
MASKS = [
    True, False, np.True_, np.array(False), (True, 0), (..., True), (None, False), (True, [0]),
    ([0, 0], slice(None), True), np.uint8(0), np.array(0), np.array([0], np.uint64), [],
]  # fmt: skip

Call = tuple[str, Callable[..., Any], Callable[..., Any], tuple[Any, ...], dict[str, Any]]


def stumbles(name: str, inputs: list[Any], given: dict[str, Any]) -> bool:
    """Where NumPy itself fails inside, by accident: nothing is to be compared with."""
    if name == "roll":
        return given["axis"] == () and not inputs[0].ndim
    return name == "clip" and inputs[0].dtype == bool and set(given.values()) == {None}


def _taken(x: Any, key: Any) -> Any:
    return x[key]


def calls(rng: np.random.Generator) -> Iterator[Call]:
    """(what, NumPy's function, ours, inputs, arguments) without end."""
    names = [n for n in sg.TABLE if n in ARGUMENTS or n in OF_TWO or n in ELEMENTWISE]
    names = [n for n in names if sg.TABLE[n].numpy and hasattr(np, sg.TABLE[n].numpy[0])]
    names += ["sort", "argsort", "cumsum", "cumprod", "index"]

    def drawn(shape: tuple[int, ...] | None = None) -> Any:
        shape = SHAPES[rng.integers(len(SHAPES))] if shape is None else shape
        dtype = np.dtype(DTYPES[rng.integers(len(DTYPES))])
        low = 0 if dtype.kind in "ub" else -3
        x = rng.integers(low, 4, shape) / (1 if rng.integers(2) else 2)
        return np.asarray(x).astype(dtype)

    while True:
        name = names[rng.integers(len(names))]
        if name == "index":
            key = MASKS[rng.integers(len(MASKS))]
            yield f"x[{key!r}]", _taken, _taken, (drawn(),), {"key": key}
            continue
        op = sg.TABLE[name]
        several = ARGUMENTS.get(name, PLAIN)
        given = several[rng.integers(len(several))]
        inputs = [drawn() for _ in range(op.arity)]
        if op.arity > 1 and rng.integers(2):
            inputs = [inputs[0], drawn(inputs[0].shape)]
        if stumbles(name, inputs, given):
            continue
        ours = theirs = getattr(np, (*op.numpy, name)[0])
        if name == "argsort":                        # ours keeps equal elements in their order
            theirs = partial(theirs, kind="stable")
        yield name, theirs, ours, tuple(inputs), given


def _outcome(function: Callable[..., Any], inputs: Any, given: dict[str, Any]) -> Any:
    """What came, as an array; or the error."""
    try:
        found = function(*inputs, **given)
        return found.value if isinstance(found, sg.Tensor) else np.asarray(found)
    except (ArithmeticError, TypeError, ValueError, IndexError) as error:
        return error


def difference(theirs: Any, ours: Any, loose: bool) -> str:
    """What differs, or nothing."""
    if isinstance(ours, Exception):
        return "" if isinstance(ours, sg.SeegradError) else f"a bare {type(ours).__name__}: {ours}"
    if isinstance(theirs, Exception):
        return f"{ours!r} where there is {type(theirs).__name__}: {theirs}"
    if (theirs.shape, theirs.dtype) != (ours.shape, ours.dtype):
        return f"{ours.dtype}{ours.shape}, not {theirs.dtype}{theirs.shape}"
    tolerance = {2: 2e-3, 4: 1e-5, 8: 1e-12}.get(theirs.dtype.itemsize, 0.0) if loose else 0.0
    if not np.allclose(ours, theirs, rtol=tolerance, atol=tolerance, equal_nan=True):
        return f"{ours.tolist()}, not {theirs.tolist()}"
    return ""


@row(
    "G6",
    "values, shapes and dtypes of odd calls (single numbers, empty arrays, small integers, masks of"
    " no axes, tuples of axes) against NumPy, eager and compiled",
    "as NumPy, or a named refusal; different 0",
    count=30_000,
    sample=400,
)
def odd_calls(run: Run) -> Found:
    faults: list[str] = []
    done = refused = ours_alone = 0
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for what, theirs, ours, inputs, given in calls(run.rng):
            if done == run.count or run.out_of_time():
                break
            done += 1
            told = ", ".join(f"{x.dtype}{x.shape} {x.tolist()}" for x in inputs)
            leaves = [sg.tensor(x) for x in inputs]
            wanted = _outcome(theirs, inputs, given)
            found = _outcome(ours, leaves, given)
            refused += isinstance(found, Exception)
            ours_alone += isinstance(found, Exception) and not isinstance(wanted, Exception)
            loose = what in ELEMENTWISE or what in WIDER
            if fault := difference(wanted, found, loose):
                faults.append(f"{what}({told}, {given}): {fault}")
            if done % 20 == 0:
                again = _outcome(sg.compile(partial(ours, **given)), inputs, {})
                if isinstance(found, Exception) != isinstance(again, Exception):
                    fault = f"compiled {again!r}, eager {found!r}"
                else:
                    fault = difference(found, again, True)
                if fault:
                    faults.append(f"{what}({told}, {given}) compiled: {fault}")
    figure = f"{done} calls, {refused} refused by name ({ours_alone} that NumPy answers),"
    figure += f" {len(faults)} differ"
    return Found(figure, first(faults, 60), whole=done == run.count)
