"""Optimizers and schedules: a table of contents.

Gradients come in; `groups` say which parameters have which settings, `clipping` holds gradients in
bounds, `optimizer` decays them and keeps the state. `sgd`, `adaptive` and `lbfgs` are the rules,
`registry` has them by name, `schedules` change the learning rate. No loop of training is here.
"""

from seegrad.optim.adaptive import Adadelta as Adadelta
from seegrad.optim.adaptive import AdaGrad as AdaGrad
from seegrad.optim.adaptive import Adam as Adam
from seegrad.optim.adaptive import Adamax as Adamax
from seegrad.optim.adaptive import AdamW as AdamW
from seegrad.optim.adaptive import NAdam as NAdam
from seegrad.optim.adaptive import RAdam as RAdam
from seegrad.optim.adaptive import RMSprop as RMSprop
from seegrad.optim.adaptive import SparseAdam as SparseAdam
from seegrad.optim.clipping import clip_norm as clip_norm
from seegrad.optim.clipping import clip_value as clip_value
from seegrad.optim.groups import Group as Group
from seegrad.optim.lbfgs import LBFGS as LBFGS
from seegrad.optim.optimizer import Optimizer as Optimizer
from seegrad.optim.registry import RULES as RULES
from seegrad.optim.schedules import ReduceLROnPlateau as ReduceLROnPlateau
from seegrad.optim.schedules import Schedule as Schedule
from seegrad.optim.schedules import constant as constant
from seegrad.optim.schedules import cosine as cosine
from seegrad.optim.schedules import exponential as exponential
from seegrad.optim.schedules import stepwise as stepwise
from seegrad.optim.schedules import warmed_up as warmed_up
from seegrad.optim.sgd import SGD as SGD
from seegrad.optim.sgd import Momentum as Momentum
from seegrad.optim.sgd import Nesterov as Nesterov
from seegrad.text import public

__all__ = public(globals())
