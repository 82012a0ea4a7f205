"""Graph → mathematics: rules run on symbols (`rules`, `symbolic_graph`) give terms, a derivation
tells them path by path or node by node, and LaTeX, MathML and Unicode are printed from them.

No picture is known here.
"""
