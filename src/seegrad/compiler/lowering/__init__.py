"""Graph → kernels; nothing here knows how many threads there are or what a processor offers.

`native_support` says what goes through NumPy, `fusion` merges `groups` of nodes, `lower` makes the
kernels of each (`expressions`, `matmul`, `data_movement`) with `builder`, which holds the buffers,
and `order` has the last word. Dtypes are those of `type_promotion`.
"""
