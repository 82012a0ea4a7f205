"""What is computed, as data: buffers and views of them, scalar expressions, kernels.

A kernel stores the values of expressions, which read views, at each point of a space. Lowering
makes them, scheduling puts them in order, codegen writes them. Nothing here chooses, writes
assembly or runs.
"""
