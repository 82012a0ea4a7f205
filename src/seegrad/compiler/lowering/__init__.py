"""Graph → kernels: which nodes fuse, what each computes natively, in which memory, in which order.

Nothing here knows how many threads there are or what a processor offers.
"""
