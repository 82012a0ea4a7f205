"""`scipy.misc`: what old scripts look for there."""

from seegrad.autograd.scipy.special import logsumexp as logsumexp
