"""Schedule → LLVM text: one emitter for scalar functions, loop nests and products each.

Nothing here is compiled or run.
"""
