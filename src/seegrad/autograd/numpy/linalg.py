"""NumPy's linear algebra, which takes tensors too: each asks the tensor, as NumPy does."""

from numpy import linalg as _linalg

from seegrad.autograd.numpy import faces as _faces

globals().update(_faces.faces(_linalg))
