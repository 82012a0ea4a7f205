"""NumPy's random numbers, as they are: no derivative goes through what is drawn."""

from numpy.random import *  # noqa: F403
