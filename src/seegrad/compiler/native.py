"""The one door to LLVM: what the host can do, and assembly text turned into functions to call.

What the assembly says is written elsewhere. Where llvmlite is missing, `available` is false.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from seegrad.errors import MissingExtraError, ValueRangeError
from seegrad.language import say


@cache
def available() -> bool:
    """Whether llvmlite is installed, so that native code can be made."""
    return importlib.util.find_spec("llvmlite") is not None


@cache
def _binding() -> Any:
    if not available():
        raise MissingExtraError(
            say("native code needs llvmlite, which is not installed"),
            hint="pip install 'seegrad[compile]'",
        )
    import llvmlite.binding as binding  # type: ignore[import-untyped]

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    return binding


MAX_ISA = "SEEGRAD_MAX_ISA"
_BEYOND = {"avx512": (), "avx2": ("avx512", "avx10", "evex"),
           "sse": ("avx", "evex", "fma", "f16c", "vaes", "vpclmul", "xop")}  # fmt: skip
"""Of each instruction set that the variable may name, how the features beyond it begin."""


@cache
def _features() -> dict[str, bool]:
    """What the processor offers, by LLVM's names, up to the instruction set that is allowed."""
    found = dict(_binding().get_host_cpu_features())
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
    x86: bool
    triple: str

    def lanes(self, bits: int) -> int:
        """How many numbers of `bits` bits one register holds."""
        return max(1, self.bytes * 8 // bits)


@cache
def host() -> Host:
    """The processor at hand, by LLVM's own account."""
    binding = _binding()
    features = _features()
    wide, middle = features.get("avx512f", False), features.get("avx", False)
    triple = binding.get_process_triple()
    arm = triple.startswith(("aarch64", "arm64"))
    return Host(
        name=binding.get_host_cpu_name(),
        bytes=64 if wide else 32 if middle else 16,
        registers=32 if wide or arm else 16,
        fma=arm or features.get("fma", False),
        x86=triple.startswith(("x86_64", "i686", "amd64")),
        triple=triple,
    )


def _machine() -> Any:
    """A target machine; an engine takes it over, so each program has its own."""
    binding = _binding()
    target = binding.Target.from_triple(binding.get_process_triple())
    features = ",".join(f"{'+' if on else '-'}{name}" for name, on in _features().items())
    # The emitters choose the width themselves; LLVM must not split their vectors.
    features += ",-prefer-256-bit" if host().bytes == 64 else ""
    return target.create_target_machine(
        cpu=binding.get_host_cpu_name(), features=features, opt=2, jit=True
    )


class Program:
    """Functions made from one module of assembly, kept as long as this object is."""

    def __init__(self, text: str, level: int = 1) -> None:
        binding = _binding()
        # Types and constants stay in their context: one of its own goes with the program.
        module = binding.parse_assembly(
            f'target triple = "{host().triple}"\n{_MARKS}{text}', binding.create_context()
        )
        module.verify()
        machine = _machine()
        if level:
            options = binding.create_pipeline_tuning_options(speed_level=level)
            options.loop_vectorization = options.slp_vectorization = False
            options.loop_unrolling = options.loop_interleaving = False
            builder = binding.create_pass_builder(machine, options)
            builder.getModulePassManager().run(module, builder)
        # The engine owns the module and the machine from here on.
        self._engine = binding.create_mcjit_compiler(module, machine)
        self._engine.finalize_object()
        self._module = module

    def function(self, name: str, arguments: Sequence[Any], result: Any = None) -> Any:
        """The function `name` as something to call; the interpreter's lock is released in it."""
        address = self._engine.get_function_address(name)
        return ctypes.CFUNCTYPE(result, *arguments)(address)

    def address(self, name: str) -> int:
        """Where the function `name` lies."""
        return int(self._engine.get_function_address(name))

    def machine_code(self) -> str:
        """The processor's own instructions, as text."""
        return str(_machine().emit_assembly(self._module))


_MARKS = "!0 = !{}\n!1 = !{i32 1}\n"


def symbol(name: str, address: int) -> None:
    """Let assembly call the function at `address` under `name`."""
    _binding().add_symbol(name, address)
