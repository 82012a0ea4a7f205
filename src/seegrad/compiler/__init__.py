"""The compiler: from a traced graph to native programs, and what can be seen of them.

A call comes in at `compile`, which finds the `specialization` for its shapes, or makes it: traced
(with `guards` on what it captured), through `passes/`, `lowering/`, `scheduling/`, `codegen/` and
`runtime/`, the last three put together in `build`. `epoch` runs many steps in one call, `attached`
makes results nodes of the graph around, `replay` finds a NaN's origin. Eager code is elsewhere.
"""
