"""Names of the framework that the book's third volume builds: a table of contents.

`import seegrad.dezero.functions as F`; the guide of the third volume says what stands for what.
"""

from seegrad.dezero import functions as functions
from seegrad.dezero import layers as layers
from seegrad.dezero import optimizers as optimizers
from seegrad.dezero import utils as utils
from seegrad.dezero.core import Function as Function
from seegrad.dezero.core import Parameter as Parameter
from seegrad.dezero.core import Variable as Variable
from seegrad.dezero.core import as_variable as as_variable
from seegrad.dezero.core import no_grad as no_grad
from seegrad.dezero.core import test_mode as test_mode
from seegrad.dezero.core import using_config as using_config
from seegrad.dezero.layers import Layer as Layer
from seegrad.dezero.layers import Model as Model
