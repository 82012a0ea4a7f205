"""L2: every form of writing into a tensor, where a derivative could need it and where none does.

Each form writes v(x) into a tensor that is a leaf, the argument itself or computed, in eager code,
inside transforms and in compiled functions. The truth is the same writing done by NumPy.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

import seegrad as sg
from trust.gradients.graph_escapes import unclear
from trust.harness.row import Found, Run, first, row

Array = np.ndarray[Any, Any]
Write = Callable[[Any, Any], Any]
POINT = np.array([[0.7, 1.3, 0.4], [1.1, -0.6, 0.9]])
MASK = np.array([[True, False, True], [False, True, False]])


def _item(key: Any, part: Callable[[Any], Any]) -> Write:
    def write(a: Any, x: Any) -> Any:
        a[key] = part(x)
        return a

    return write


def _added(key: Any, part: Callable[[Any], Any]) -> Write:
    def write(a: Any, x: Any) -> Any:
        a[key] += part(x)
        return a

    return write


def _times(key: Any, part: Callable[[Any], Any]) -> Write:
    def write(a: Any, x: Any) -> Any:
        a[key] *= part(x)
        return a

    return write


def _all_of_it(a: Any, x: Any) -> Any:
    if hasattr(a, "assign"):
        a.assign(2.0 * x)
    else:
        a[...] = 2.0 * x
    return a


def _in_rows(a: Any, x: Any) -> Any:
    for i in range(2):
        a[i] = x[i] ** 2
    return a


def _in_place(a: Any, x: Any) -> Any:
    a += x * x
    a *= 2.0
    return a


KEYS: dict[str, tuple[Any, Callable[[Any], Any]]] = {
    "number": ((0, 1), lambda x: x[0, 1] ** 2),
    "negative number": ((-1, -1), lambda x: x[1, 0] * x[0, 0]),
    "row": (1, lambda x: x[0] ** 2),
    "row by a number": (0, lambda x: x[1, 1] ** 2),
    "slice": ((slice(None), slice(1, None)), lambda x: x[:, :2] ** 2),
    "steps": ((slice(None), slice(None, None, 2)), lambda x: x[:, 1:] * 3.0),
    "backwards": ((slice(None, None, -1), 0), lambda x: x[:, 2] ** 2),
    "ellipsis": (Ellipsis, lambda x: x * x),
    "ellipsis and number": ((Ellipsis, 2), lambda x: x[:, 0] ** 2),
    "new axis": ((None, 0), lambda x: x[1:] * 2.0),
    "mask": (MASK, lambda x: x[0] ** 2),
    "mask by a number": (MASK, lambda x: x[0, 0] ** 2),
    "mask of rows": (np.array([True, False]), lambda x: x[1] ** 2),
    "list": ([1, 0], lambda x: x * x),
    "array": (np.array([1]), lambda x: x[:1] ** 2),
    "two arrays": ((np.array([0, 1]), np.array([2, 0])), lambda x: x[0, :2] ** 2),
    "array and slice": ((slice(None), np.array([0, 2])), lambda x: x[:, :2] ** 2),
    "a list of numbers": (0, lambda x: [x[0, 0] ** 2, 1.0, x[1, 1]]),
    "a constant": ((0, 1), lambda x: 5.0),
    "a constant row": (1, lambda x: np.array([1.0, 2.0, 3.0])),
    "a stopped value": ((0, 1), lambda x: sg.stop_gradient(x[0, 1]) * 2.0),
}
STATEMENTS: dict[str, Write] = {
    **{f"x[{name}] = v": _item(*each) for name, each in KEYS.items()},
    **{f"x[{name}] += v": _added(*each) for name, each in KEYS.items()},
    **{f"x[{name}] *= v": _times(*each) for name, each in KEYS.items()},
    "assign": _all_of_it,
    "rows in a loop": _in_rows,
    "x += v": _in_place,
}


def _by_at(name: str, key: Any, part: Callable[[Any], Any]) -> Write:
    """The same by `.at`; on arrays as NumPy's functions say it."""
    function = {"add": np.add, "multiply": np.multiply, "max": np.maximum, "min": np.minimum}

    def write(a: Any, x: Any) -> Any:
        if isinstance(a, sg.Tensor):
            return getattr(a.at[key], name)(part(x))
        if name == "set":
            a[key] = part(x)
        else:
            function[name].at(a, key, part(x))
        return a

    return write


REPEATED: dict[str, tuple[Any, Callable[[Any], Any]]] = {
    "rows named twice": ([1, 1, 0], lambda x: x[[0, 1, 1]] * 1.5),
    "numbers named twice": (([0, 0, 1], [1, 1, 1]), lambda x: x[0] ** 2),
}
AT: dict[str, Write] = {
    f"x.at[{name}].{how}(v)": _by_at(how, *each)
    for how in ("set", "add", "multiply", "max", "min")
    for name, each in {**KEYS, **REPEATED}.items()
}
TARGETS: dict[str, Callable[[Any], Any]] = {
    "leaf": lambda x: sg.zeros((2, 3)) if isinstance(x, sg.Tensor) else np.zeros((2, 3)),
    "constant": lambda x: (
        sg.full((2, 3), 0.5, requires_grad=False) if isinstance(x, sg.Tensor)
        else np.full((2, 3), 0.5)
    ),
    "argument": lambda x: x if isinstance(x, sg.Tensor) else x.copy(),
    "computed": lambda x: x * 1.5,
}  # fmt: skip
WEIGHTS = np.array([[1.0, -2.0, 0.5], [3.0, 1.5, -1.0]])


def program(write: Write, target: str) -> Callable[[Any], Any]:
    """A function of x that makes a tensor, writes x into it, and weighs what is there then."""

    def f(x: Any) -> Any:
        return (write(TARGETS[target](x), x) * WEIGHTS + x * 0.25).sum()

    return f


def truth(write: Write, target: str) -> Array:
    """The gradient by central differences of the writing done by NumPy."""
    f = program(write, target)

    def value(x: Array) -> float:
        return float(np.asarray(f(x)))

    steps = np.eye(6).reshape(6, 2, 3) * 1e-5
    slopes = [(value(POINT + e) - value(POINT - e)) / 2e-5 for e in steps]
    return np.array(slopes).reshape(2, 3)


def _eager(f: Callable[[Any], Any]) -> Any:
    x = sg.tensor(POINT)
    f(x).backward()
    return x.grad


PLACES: dict[str, Callable[[Callable[[Any], Any]], Any]] = {
    "eager": _eager,
    "grad": lambda f: sg.grad(f)(POINT),
    "grad of a tensor": lambda f: sg.grad(f)(sg.tensor(POINT)),
    "jvp": lambda f: np.array(
        [sg.jvp(f, (POINT,), (e,))[1] for e in np.eye(6).reshape(6, 2, 3)]
    ).reshape(2, 3),
    "checkpoint": lambda f: sg.grad(sg.checkpoint(f))(POINT),
    "compiled": lambda f: sg.compile(sg.grad(f))(POINT),
}


def judged(name: str, write: Write, target: str, place: str) -> tuple[str, str]:
    """("right" | "refused", "") or ("fault", what is wrong)."""
    where = f"{name} into a {target}, {place}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = np.asarray(sg.stop_gradient(sg.asarray(PLACES[place](program(write, target)))))
    except Exception as error:
        fault = unclear(error)
        by_at = name in AT and not isinstance(error, sg.SeegradError)
        return ("fault", f"{where}: {fault}") if fault or by_at else ("refused", "")
    if (target, place) == ("argument", "eager") and name in STATEMENTS and name != "x += v":
        right = WEIGHTS + 0.25        # a parameter that was updated: by what it holds now
    else:
        right = _stopped_truth(name, write, target)
    if np.allclose(found, right, rtol=1e-6, atol=1e-6):
        return "right", ""
    return "fault", f"{where}: {found.tolist()}, not {right.tolist()}"


def _stopped_truth(name: str, write: Write, target: str) -> Array:
    """The truth where a value is stopped: what is written is held as it is at the point."""
    if "stopped" not in name:
        return truth(write, target)
    key, _ = KEYS["a stopped value"]
    held = float(POINT[key]) * 2.0
    by = {"=": _item, "+=": _added, "*=": _times}
    if name in AT:
        return truth(_by_at(name.split(".")[2].split("(")[0], key, lambda x: held), target)
    return truth(by[name.split()[-2]](key, lambda x: held), target)


@row(
    "L2",
    "every form of writing into a tensor (leaf, constant, argument, computed) in eager code, in"
    " transforms and compiled; and by .at",
    "right, or a named error that shows .at; .at itself right everywhere; silent 0",
    count=5000,
    sample=90,
    seconds=240,
)
def l2(run: Run) -> Found:
    cases = [(n, w, t, p) for n, w in {**STATEMENTS, **AT}.items() for t in TARGETS for p in PLACES]
    chosen = [cases[int(i)] for i in run.rng.permutation(len(cases))[: run.count]]
    faults, counts, tried, whole = [], {"right": 0, "refused": 0, "fault": 0}, 0, True
    for name, write, target, place in chosen:
        if run.out_of_time():
            whole = False
            break
        tried += 1
        verdict, fault = judged(name, write, target, place)
        if verdict == "refused" and name in AT:
            verdict, fault = "fault", f"{name} into a {target}, {place}: was refused"
        counts[verdict] += 1
        faults += [fault] if fault else []
    figure = (
        f"{tried} cases: {counts['right']} right, {counts['refused']} refused,"
        f" {counts['fault']} wrong"
    )
    return Found(figure, first(faults, 60), whole=whole)
