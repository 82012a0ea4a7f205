"""Kernels → schedule: costs are weighed here; no instruction is written.

`schedule` says which thread does which share and where threads meet, as a list of `task`s; `tiling`
how products are cut, `state_layout` in which order the axes of parameters lie, `buffer_reuse` which
temporary values share memory.
"""
