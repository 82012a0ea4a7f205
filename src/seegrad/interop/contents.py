"""The last table of contents: names that read other frameworks' programs.

Read when one of them is asked for, so that nobody who draws or trains waits for what PyTorch's and
JAX's operations mean here. Nothing is defined here.
"""

from seegrad.interop.jax import JaxFunction as JaxFunction
from seegrad.interop.jax import from_jax as from_jax
from seegrad.interop.pytorch.reading import from_torch as from_torch
