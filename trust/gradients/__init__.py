"""Values and derivatives in eager code: every rule against differences and peers, at corners and
limits, where arrays are shared or written into, where user code leaves the graph; and whether
planted mistakes are noticed (`mutation_testing`). Compiled code is measured in `compiled`.
"""
