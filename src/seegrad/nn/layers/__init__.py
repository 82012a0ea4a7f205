"""Layers, each a `Module`: what has weights, or works on values as they pass.

Sizes are checked when a layer is made (`nn.sizes`), shapes when it is called. `containers` and
`mlp` put layers together. Losses, initialisers and `Module` itself stand in `nn`.
"""
