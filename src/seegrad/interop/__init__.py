"""Guests: networks and functions that other frameworks made, as graphs of ours.

Each package reads one framework's own form of a program into data, then computes it with our ops:
`pytorch` a torch.nn.Module; `jax`, with its rules in `jaxpr`, a JAX function.
"""
