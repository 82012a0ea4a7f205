"""LLVM text turned into functions to call. What the text says is written elsewhere.

With SEEGRAD_CACHE_DIR what was compiled once is taken from there (`code_cache.py`).
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence
from typing import Any

from seegrad.compiler.runtime import code_cache
from seegrad.compiler.target import features, host, llvm, llvm_version


def _offered() -> str:
    """The features of the processor that code may use, as LLVM writes them."""
    offered = ",".join(f"{'+' if on else '-'}{name}" for name, on in features().items())
    # The emitters choose the width themselves; LLVM must not split their vectors.
    return offered + (",-prefer-256-bit" if host().bytes == 64 else "")


def _machine() -> Any:
    """A target machine; an engine takes it over, so each program has its own."""
    binding = llvm()
    target = binding.Target.from_triple(binding.get_process_triple())
    return target.create_target_machine(
        cpu=binding.get_host_cpu_name(), features=_offered(), opt=2, jit=True
    )


class Program:
    """Functions made from one module of assembly, kept as long as this object is."""

    def __init__(self, text: str, level: int = 1) -> None:
        binding, machine = llvm(), _machine()
        name = code_cache.key((
            str(getattr(sys.modules[__name__.partition(".")[0]], "__version__", "")),
            llvm_version(), host().triple, binding.get_host_cpu_name(), _offered(), str(level),
            text,
        ))
        code = code_cache.load(name)
        if code is None:
            module = _parsed(text)
            _optimised(module, machine, level)
            code = machine.emit_object(module)
            code_cache.keep(name, code)
        # What was compiled goes now; the engine owns an empty module, and the machine.
        self._engine = binding.create_mcjit_compiler(_parsed(""), machine)
        self._engine.add_object_file(binding.ObjectFileRef.from_data(code))
        self._engine.finalize_object()

    def function(self, name: str, arguments: Sequence[Any], result: Any = None) -> Any:
        """The function `name` as something to call; the interpreter's lock is released in it."""
        address = self._engine.get_function_address(name)
        return ctypes.CFUNCTYPE(result, *arguments)(address)

    def address(self, name: str) -> int:
        """Where the function `name` lies."""
        return int(self._engine.get_function_address(name))


def _parsed(text: str) -> Any:
    """A module in a context of its own: types and constants stay in theirs, and go with it."""
    binding = llvm()
    return binding.parse_assembly(
        f'target triple = "{host().triple}"\n{_MARKS}{text}', binding.create_context()
    )


def _optimised(module: Any, machine: Any, level: int) -> None:
    """Check the module, and have LLVM's own passes go over it, from level 1 on."""
    module.verify()
    if level:
        binding = llvm()
        options = binding.create_pipeline_tuning_options(speed_level=level)
        options.loop_vectorization = options.slp_vectorization = False
        options.loop_unrolling = options.loop_interleaving = False
        builder = binding.create_pass_builder(machine, options)
        builder.getModulePassManager().run(module, builder)


_MARKS = "!0 = !{}\n!1 = !{i32 1}\n"


def symbol(name: str, address: int) -> None:
    """Let assembly call the function at `address` under `name`."""
    llvm().add_symbol(name, address)
