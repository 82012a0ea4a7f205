"""JAX's primitives as operations of seegrad, without JAX itself.

A jaxpr is read by its attributes alone: `site` says what a rule is told, the families of rules
(`elementwise`, `shapes`, `indexing`, `products`, `prng`, `control`) give values or nodes, and
`evaluate` runs a jaxpr with them. What asks JAX anything is in `interop/jax.py`.
"""
