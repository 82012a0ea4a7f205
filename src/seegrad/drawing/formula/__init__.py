"""Graph → mathematics: rules run on symbols (`rules`, `symbolic_graph`, `samples`) give terms, a
derivation tells them path by path or node by node, `typeset` makes them trees, and LaTeX, MathML
and Unicode are printed from these.

No picture is known here.
"""
