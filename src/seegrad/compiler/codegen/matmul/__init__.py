"""Matrix products as assembly, written for their shapes: register tiles, ragged edges masked.

`emitter` writes the loops outside; within them are tiles of outer products, whose lanes lie along
n (`outer_product`, with `packing`), or of dot products, whose lanes lie along k (`dot`). Both read
`factors` and hand each finished vector to the `epilogue`. How large tiles are is decided in
`scheduling/tiling.py`.
"""
