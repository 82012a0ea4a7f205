"""What each of PyTorch's ATen operations means in our ops.

An operation that one op answers to is read from the call at the op's definition; the others are
functions here, by family. `reader` has their form and the table of all.
"""

from seegrad.interop.pytorch.operators import (  # noqa: F401
    activations,
    algebra,
    arithmetic,
    layers,
    picking,
    pooling,
    recurrent,
    reductions,
    resizing,
    shapes,
)
from seegrad.interop.pytorch.operators.reader import READERS as READERS
from seegrad.interop.pytorch.operators.reader import Context as Context
from seegrad.interop.pytorch.operators.reader import reader_for as reader_for
