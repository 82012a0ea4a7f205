"""Schedule → LLVM text, written with one builder; nothing here is compiled or run.

`program` writes a function for each kernel and each thread's own order of them; `loop_nest`
(`loop_axes`, `point`, `reduction`) and `matmul/` write the kernels; `scalar`, `functions/` and
`memory_access` what happens on lanes. `spin_wait` and `worker_loop` are how threads meet.
How work is shared out and tiled was decided in `scheduling/`.
"""
