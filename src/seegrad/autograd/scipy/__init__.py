"""SciPy's names, which take tensors too: those that autograd's scripts import."""

from seegrad.autograd.scipy import integrate as integrate
from seegrad.autograd.scipy import linalg as linalg
from seegrad.autograd.scipy import signal as signal
from seegrad.autograd.scipy import special as special
from seegrad.autograd.scipy import stats as stats
