"""L1: user code that leaves the graph, in every transform: the right derivative or a named error.

What comes out is compared with differences of the same function, whose values need no graph. A
quiet wrong number is a fault, as is an error without the user's line or without a way out.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import seegrad as sg
from trust.gradients.escape_cases import RAISED_ANEW, WAYS, Way
from trust.harness.row import Found, Run, first, row

Array = np.ndarray[Any, Any]
Values = Callable[[Array], float]
POINT, ALONG = np.array([0.7, 1.3, 0.4]), np.array([1.0, -0.5, 2.0])
HERE = Path(__file__).parent
MANY = np.stack([POINT, POINT + 0.05])


def values(f: Way) -> Values:
    """The function's numbers, where no transform is at work and every look is free."""
    return lambda x: float(np.asarray(f(sg.tensor(x, requires_grad=False))))


def slope(f: Values, x: Array = POINT) -> Array:
    """The gradient by central differences."""
    return np.array([(f(x + e) - f(x - e)) / 2e-5 for e in np.eye(3) * 1e-5])


def curve(f: Values) -> Array:
    """The Hessian by differences of differences, with a wider step."""
    steps = np.eye(3) * 1e-3
    return np.array(
        [[(f(POINT + a + b) - f(POINT + a - b) - f(POINT - a + b) + f(POINT - a - b)) / 4e-6
          for b in steps] for a in steps]
    )  # fmt: skip


def _backward(f: Way) -> Any:
    x = sg.tensor(POINT)
    out = sg.checkpoint(f)(x)
    if out.requires_grad:
        out.backward()
    return np.zeros(3) if x.grad is None else x.grad


Asked = tuple[Callable[[Way], Any], Callable[[Values], Any]]
TRANSFORMS: dict[str, Asked] = {
    "grad": (lambda f: sg.grad(f)(POINT), slope),
    "grad of a tensor": (lambda f: sg.grad(f)(sg.tensor(POINT)), slope),
    "value_and_grad": (lambda f: sg.value_and_grad(f)(POINT)[1], slope),
    "vjp": (lambda f: sg.vjp(f, POINT)[1](1.0)[0], slope),
    "jvp": (lambda f: sg.jvp(f, (POINT,), (ALONG,))[1], lambda v: slope(v) @ ALONG),
    "jacobian": (lambda f: sg.jacobian(f)(POINT), slope),
    "hessian": (lambda f: sg.hessian(f)(POINT), curve),
    "hvp": (lambda f: sg.hvp(f, POINT, ALONG), lambda v: curve(v) @ ALONG),
    "vmap": (lambda f: sg.vmap(f)(MANY), lambda v: [v(x) for x in MANY]),
    "vmap of grad": (lambda f: sg.vmap(sg.grad(f))(MANY), lambda v: [slope(v, x) for x in MANY]),
    "grad of checkpoint": (lambda f: sg.grad(sg.checkpoint(f))(POINT), slope),
    "checkpoint": (_backward, slope),
    "compile": (lambda f: sg.compile(f)(POINT), lambda v: v(POINT)),
    "compile of grad": (lambda f: sg.compile(sg.grad(f))(POINT), slope),
    "grad of compile": (lambda f: sg.grad(sg.compile(f))(POINT), slope),
}


def unclear(error: BaseException) -> str:
    """What an error leaves open; NumPy raises some of ours again, as the cause of its own."""
    named: BaseException | None = error
    while named is not None and not isinstance(named, sg.SeegradError):
        named = named.__cause__ or named.__context__
    if named is None:
        return f"a bare {type(error).__name__}: {error}"
    if named.line is None or Path(named.line.file).parent != HERE:
        return f"the error names the line {named.line}"
    return "" if named.hint or named.asked else f"the error shows no way out: {named}"


def judged(way: str, transform: str, f: Way) -> tuple[str, str]:
    """("right" | "refused", "") or ("fault", what is wrong)."""
    run, truth = TRANSFORMS[transform]
    where = f"{way} in {transform}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = np.asarray(sg.stop_gradient(sg.asarray(run(f))), float)
            right = np.asarray(truth(values(f)), float)
    except Exception as error:
        fault = "" if way in RAISED_ANEW else unclear(error)
        return ("fault", f"{where}: {fault}") if fault else ("refused", "")
    close = found.shape == right.shape and np.allclose(found, right, rtol=2e-4, atol=2e-4)
    return ("right", "") if close else ("fault", f"{where}: {found.tolist()}, not {right.tolist()}")


@row(
    "L1",
    "ways in which user code leaves the graph (NumPy, Python, pandas, SciPy, containers) in every"
    " transform and in compiled functions",
    "≥ 120 ways, each right by differences or a named error with the user's line and the way out;"
    " silent 0",
    count=250,
    sample=24,
    seconds=240,
)
def l1(run: Run) -> Found:
    names = [str(name) for name in run.rng.permutation(list(WAYS))[: run.count]]
    faults, counts, tried, whole = [], {"right": 0, "refused": 0, "fault": 0}, 0, True
    for name in names:
        if run.out_of_time():
            whole = False
            break
        tried += 1
        for transform in TRANSFORMS:
            verdict, fault = judged(name, transform, WAYS[name])
            counts[verdict] += 1
            faults += [fault] if fault else []
    figure = (
        f"{tried} ways × {len(TRANSFORMS)} transforms: {counts['right']} right,"
        f" {counts['refused']} refused, {counts['fault']} wrong"
    )
    notes = (f"refused in NumPy's or Python's own words: {', '.join(sorted(RAISED_ANEW))}",)
    return Found(figure, first(faults, 60), notes, whole=whole)
