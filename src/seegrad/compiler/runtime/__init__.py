"""LLVM text → functions that run, on given memory; what they compute was decided before.

`jit` compiles text; `executable` holds a plan's memory and runs its programs, on the workers of
`thread_pool` as far as `thread_policy` lets it, and through `numpy_fallback` where there is no
native code. A `state_slot` is the memory of one parameter between calls.
"""
