"""`scipy.stats`: distributions, one module each, computed with operations of the table.

Densities and their logarithms have derivatives of any order by all their parameters. `rvs` and
the distribution functions that the table has no operation for are SciPy's.
"""

from seegrad.autograd.scipy.stats import beta as beta
from seegrad.autograd.scipy.stats import chi2 as chi2
from seegrad.autograd.scipy.stats import dirichlet as dirichlet
from seegrad.autograd.scipy.stats import gamma as gamma
from seegrad.autograd.scipy.stats import multivariate_normal as multivariate_normal
from seegrad.autograd.scipy.stats import norm as norm
from seegrad.autograd.scipy.stats import poisson as poisson
from seegrad.autograd.scipy.stats import t as t
