"""Where scripts import `MLP` and `Model` from."""

from seegrad.dezero.layers import MLP as MLP
from seegrad.dezero.layers import Model as Model
