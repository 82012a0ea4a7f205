"""The rows in their order: importing this module enters them all."""

from trust.compiled import eager_agreement, mode_switches, module_scenarios, processors, sums
from trust.files import fuzzing, malicious_files, onnx_import, storage
from trust.formulas import equations
from trust.gradients import (
    aliasing,
    corners,
    differential_testing,
    graph_escapes,
    in_place_writes,
    layer_claims,
    limits,
    mutation_testing,
    numpy_agreement,
    op_rules,
)
from trust.stress import endurance, oversized_requests, scale
from trust.text import command_lines, expressions, injection, invalid_calls

LOADED = (
    op_rules, corners, limits, mutation_testing, differential_testing, aliasing, eager_agreement,
    mode_switches, processors, endurance, scale, storage, malicious_files, expressions, injection,
    module_scenarios, fuzzing, command_lines, invalid_calls, oversized_requests, numpy_agreement,
    graph_escapes, in_place_writes, onnx_import, layer_claims, equations, sums,
)  # fmt: skip
