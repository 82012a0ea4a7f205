"""Loops, choices, and calls of functions inside a jaxpr: our loops, frames, and custom_vjp."""

from __future__ import annotations

from typing import Any

import numpy as np

from seegrad.graph.mode import frame
from seegrad.interop.jaxpr.site import Rule, Site, known
from seegrad.ops.compare import less_equal, not_equal
from seegrad.transforms.custom_vjp import custom_vjp
from seegrad.transforms.loops.control_flow import cond, scan, while_loop


def _call(setting: str) -> Rule:
    """A function inside: its nodes in a frame of its name, where it has one of its own."""

    def rule(site: Site, xs: list[Any]) -> Any:
        name = str(site.params.get("name", ""))
        body = site[setting]
        if not name or name.startswith(("_", "<")):
            return site.run(body, xs)
        with frame(name):
            return site.run(body, xs)

    return rule


def _remat(site: Site, xs: list[Any]) -> Any:
    with frame("checkpoint"):
        return site.run(site["jaxpr"], xs)


def _custom(site: Site, xs: list[Any]) -> Any:
    """A function with a derivative of its own, which JAX states."""
    body = site["call_jaxpr"]
    name = str(site.params.get("name") or getattr(body.jaxpr.debug_info, "func_name", "custom"))

    def function(*leaves: Any) -> list[Any]:
        return site.run(body, leaves)

    function.__name__ = name if name.isidentifier() else "custom"
    whole = custom_vjp(function)
    made: list[Any] = []

    def derivative(number: int, *given: Any) -> Any:
        if not made:
            made.extend(site.derivative())
        return made[number](*given)

    whole.defvjp(lambda *leaves: derivative(0, *leaves), lambda saved, g: derivative(1, saved, g))
    return whole(*xs)


def _scan(site: Site, xs: list[Any]) -> Any:
    consts, carries = int(site["num_consts"]), int(site["num_carry"])
    fixed, first, rows = xs[:consts], xs[consts : consts + carries], xs[consts + carries :]

    def body(carry: Any, row: Any) -> Any:
        out = site.run(site["jaxpr"], [*fixed, *carry, *(row or ())])
        return out[:carries], out[carries:]

    carry, ys = scan(body, list(first), list(rows) or None, int(site["length"]),
                     bool(site["reverse"]))  # fmt: skip
    return [*carry, *ys]


def _while(site: Site, xs: list[Any]) -> Any:
    n, m = int(site["cond_nconsts"]), int(site["body_nconsts"])
    asked, fixed, first = xs[:n], xs[n : n + m], xs[n + m :]
    return while_loop(
        lambda carry: site.run(site["cond_jaxpr"], [*asked, *carry])[0],
        lambda carry: site.run(site["body_jaxpr"], [*fixed, *carry]), list(first),
    )


def _cond(site: Site, xs: list[Any]) -> Any:
    index, operands = xs[0], xs[1:]
    branches = site["branches"]
    number = known(index)
    if number is not None:
        return site.run(branches[int(np.clip(int(number), 0, len(branches) - 1))], operands)

    def branch(i: int) -> Any:
        return lambda *given: site.run(branches[i], given)

    if len(branches) == 2:
        pred = index if index.dtype.kind == "b" else not_equal(index, 0)
        return cond(pred, branch(1), branch(0), *operands)

    def among(first: int) -> Any:
        if first == len(branches) - 1:
            return branch(first)
        return lambda *given: cond(
            less_equal(index, first), branch(first), among(first + 1), *given
        )

    return among(0)(*operands)


def _platform(site: Site, xs: list[Any]) -> Any:
    """The branch for a processor, or the one for all platforms that have none of their own."""
    platforms = list(site["platforms"])
    own = [i for i, names in enumerate(platforms) if names is not None and "cpu" in names]
    return np.asarray(own[0] if own else platforms.index(None), np.int32)


RULES: dict[str, Rule] = {
    "platform_index": _platform,
    **{name: _call("jaxpr") for name in ("jit", "pjit", "composite", "core_closed_call")},
    **{name: _call("call_jaxpr") for name in ("closed_call", "core_call", "named_call")},
    **dict.fromkeys(("remat", "remat2", "checkpoint"), _remat),
    "custom_jvp_call": _custom, "custom_vjp_call": _custom, "custom_vjp_call_jaxpr": _custom,
    "scan": _scan, "while": _while, "cond": _cond,
}  # fmt: skip
