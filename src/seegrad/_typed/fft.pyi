"""What type checkers and editors read; `python -m tools.stubs` writes it."""

# ruff: noqa
# mypy: disable-error-code="overload-overlap, overload-cannot-match, misc, valid-type"

import builtins
from collections.abc import Sequence
from typing import Any, overload

from numpy.typing import DTypeLike

from seegrad.graph.spec import Axis, Operand
from seegrad.tensor.tensor import Tensor
from seegrad.tensor.fft import fft as fft
from seegrad.tensor.fft import ifft as ifft
from seegrad.tensor.fft import rfft as rfft
from seegrad.tensor.fft import irfft as irfft
from seegrad.tensor.fft import fftn as fftn
from seegrad.tensor.fft import ifftn as ifftn
from seegrad.tensor.fft import rfftn as rfftn
from seegrad.tensor.fft import irfftn as irfftn
from seegrad.tensor.fft import fft2 as fft2
from seegrad.tensor.fft import ifft2 as ifft2
from seegrad.tensor.fft import rfft2 as rfft2
from seegrad.tensor.fft import irfft2 as irfft2

@overload
def fftshift(x: Tensor, axes: Any = None) -> Tensor: ...
@overload
def fftshift(x: Operand, axes: Any = None) -> Any: ...
@overload
def ifftshift(x: Tensor, axes: Any = None) -> Tensor: ...
@overload
def ifftshift(x: Operand, axes: Any = None) -> Any: ...
