"""Graph → graph, before any buffer or kernel is known.

`pipeline` names the passes in order, with the reason of each; every other file is one of them, or
what they are written with: `pattern`, `rewrite`, and the `identities`, which are pairs of
expressions that tests evaluate.
"""
