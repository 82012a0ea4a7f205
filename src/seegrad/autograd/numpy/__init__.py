"""NumPy's names, which take tensors too: `import seegrad.autograd.numpy as np`.

On plain arrays each is NumPy's own function. Called with a tensor, NumPy asks the tensor, which
answers with operations of the table (`tensor/numpy_names.py`). What NumPy would not ask about is
in `faces`.
"""

import numpy as _numpy

from seegrad.autograd.numpy import faces as _faces
from seegrad.autograd.numpy import fft as _fft
from seegrad.autograd.numpy import linalg as _linalg
from seegrad.autograd.numpy import random as _random

globals().update(_faces.faces(_numpy))
for _name in ("array", "asarray", "full", "make_diagonal", "row_stack", "where", "r_", "c_"):
    globals()[_name] = getattr(_faces, _name)
fft, linalg, random = _fft, _linalg, _random
__version__ = _numpy.__version__
