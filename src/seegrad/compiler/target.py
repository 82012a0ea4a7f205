"""The processor at hand as the emitters see it, and the one door to LLVM's binding.

Where llvmlite is missing, `available` is false.
"""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass
from functools import cache
from typing import Any

from seegrad.errors import MissingExtraError, ValueRangeError
from seegrad.i18n import tr


@cache
def available() -> bool:
    """Whether llvmlite is installed, so that native code can be made."""
    return importlib.util.find_spec("llvmlite") is not None


@cache
def llvm() -> Any:
    """llvmlite's binding, ready for this processor."""
    if not available():
        raise MissingExtraError(
            tr("native code needs llvmlite, which is not installed"),
            hint='pip install "llvmlite>=0.45"',
        )
    import llvmlite.binding as binding  # type: ignore[import-untyped]

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    return binding


def llvm_version() -> str:
    """Which LLVM makes the code, and which binding asks it to."""
    import llvmlite

    return f"{llvmlite.__version__} {'.'.join(map(str, llvm().llvm_version_info))}"


MAX_ISA = "SEEGRAD_MAX_ISA"
_BEYOND = {"avx512": (), "avx2": ("avx512", "avx10", "evex"),
           "sse": ("avx", "evex", "fma", "f16c", "vaes", "vpclmul", "xop")}  # fmt: skip
"""Of each instruction set that the variable may name, how the features beyond it begin."""


@cache
def features() -> dict[str, bool]:
    """What the processor offers, by LLVM's names, up to the instruction set that is allowed."""
    found = dict(llvm().get_host_cpu_features())
    most = os.environ.get(MAX_ISA, "avx512")
    if most not in _BEYOND:
        raise ValueRangeError(
            "SEEGRAD_MAX_ISA names no set of instructions", asked=", ".join(_BEYOND), came=most
        )
    return {name: on and not name.startswith(_BEYOND[most]) for name, on in found.items()}


@dataclass(frozen=True)
class Host:
    """What the processor at hand offers to the emitters."""

    name: str
    bytes: int                     # of one vector register
    registers: int                 # how many vector registers there are
    fma: bool
    half: bool                     # whether it converts float16
    x86: bool
    triple: str

    def lanes(self, bits: int) -> int:
        """How many numbers of `bits` bits one register holds."""
        return max(1, self.bytes * 8 // bits)


@cache
def host() -> Host:
    """The processor at hand, by LLVM's own account."""
    binding = llvm()
    found = features()
    wide, middle = found.get("avx512f", False), found.get("avx", False)
    triple = binding.get_process_triple()
    arm = triple.startswith(("aarch64", "arm64"))
    return Host(
        name=binding.get_host_cpu_name(),
        bytes=64 if wide else 32 if middle else 16,
        registers=32 if wide or arm else 16,
        fma=arm or found.get("fma", False),
        half=arm or wide or found.get("f16c", False),
        x86=triple.startswith(("x86_64", "i686", "amd64")),
        triple=triple,
    )
