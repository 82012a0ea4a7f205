"""The book's `np`: NumPy, and the switch, for `from seegrad.book2.np import *`. Nothing else."""

import numpy as np

from seegrad.book2.config import GPU

__all__ = ["GPU", "np"]
