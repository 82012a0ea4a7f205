"""Kernels → schedule: who does which share, where threads meet, how products are tiled, which
temporary values share memory. Costs are weighed here; no instruction is written.
"""
