"""LLVM text turned into functions to call. What the text says is written elsewhere."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

from seegrad.compiler.target import features, host, llvm


def _machine() -> Any:
    """A target machine; an engine takes it over, so each program has its own."""
    binding = llvm()
    target = binding.Target.from_triple(binding.get_process_triple())
    offered = ",".join(f"{'+' if on else '-'}{name}" for name, on in features().items())
    # The emitters choose the width themselves; LLVM must not split their vectors.
    offered += ",-prefer-256-bit" if host().bytes == 64 else ""
    return target.create_target_machine(
        cpu=binding.get_host_cpu_name(), features=offered, opt=2, jit=True
    )


class Program:
    """Functions made from one module of assembly, kept as long as this object is."""

    def __init__(self, text: str, level: int = 1) -> None:
        binding = llvm()
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

    def function(self, name: str, arguments: Sequence[Any], result: Any = None) -> Any:
        """The function `name` as something to call; the interpreter's lock is released in it."""
        address = self._engine.get_function_address(name)
        return ctypes.CFUNCTYPE(result, *arguments)(address)

    def address(self, name: str) -> int:
        """Where the function `name` lies."""
        return int(self._engine.get_function_address(name))


_MARKS = "!0 = !{}\n!1 = !{i32 1}\n"


def symbol(name: str, address: int) -> None:
    """Let assembly call the function at `address` under `name`."""
    llvm().add_symbol(name, address)
