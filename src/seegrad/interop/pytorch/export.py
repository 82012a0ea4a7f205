"""What torch.export says of a module, written down as data; and the original, run for comparison.

The only file that imports torch. What ATen's operations mean is said in `operators`, what is done
with the data in `network` and `verification`.
"""

from __future__ import annotations

import copy
import io
import logging
import math
import traceback
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from seegrad.errors import CallError, DTypeError, FormatError, MissingExtraError, SeegradError
from seegrad.i18n import tr
from seegrad.interop.pytorch.program import Array, Input, Part, Program, Ref, Step, Written
from seegrad.interop.pytorch.sizes import free_sizes
from seegrad.text import signature
from seegrad.tree import flatten

Known = Callable[..., bool]
"""Can an operation of this name be read, and with the arguments of a step that is given?"""
DRAWN = (
    "native_dropout", "dropout", "rrelu", "rrelu_with_noise", "rrelu_with_noise_functional",
    "bernoulli", "uniform", "exponential",
)  # fmt: skip
"""Operations that draw numbers and keep them to themselves."""


def official() -> Any:
    """The torch package; MissingExtraError where it is not installed."""
    try:
        import torch
        import torch.export
        import torch.fx
    except ImportError as fault:
        raise MissingExtraError(
            tr("PyTorch is not installed"), hint='pip install "torch>=2.6"'
        ) from fault
    return torch


@dataclass(frozen=True)
class Example:
    """What a module is called with: positional, and by name."""

    inputs: tuple[Any, ...]
    keywords: Mapping[str, Any]


def distinct(example: Example) -> Example:
    """The example with a tensor of its own in each place: torch.export takes one for the other."""
    torch = official()
    seen: set[int] = set()

    def own(value: Any) -> Any:
        again = isinstance(value, torch.Tensor) and id(value) in seen
        seen.add(id(value))
        return value.detach().clone() if again else value

    tree = (example.inputs, dict(example.keywords))
    return Example(*torch.utils._pytree.tree_map(own, tree))


# --------------------------------------------------------------- reading a module


def write_down(
    module: Any, example: Example, known: Known, modes: Sequence[str], dynamic: bool
) -> tuple[Written, dict[str, Any]]:
    """A module as data, and for each mode what torch.export made, for comparison."""
    torch = official()
    if not isinstance(module, torch.nn.Module):
        raise CallError(
            tr("from_torch reads a module of PyTorch"),
            asked="torch.nn.Module",
            came=type(module).__name__,
            hint=tr("wrap a function in a torch.nn.Module whose forward calls it"),
        )
    state = _state(torch, module)
    parts = dict(module.named_modules(remove_duplicate=False))
    first: dict[str, str] = {}
    seen: dict[int, str] = {}
    for name, value in (*state.items(), *parts.items()):
        first[name] = seen.setdefault(id(value), name)
    programs: dict[str, Program] = {}
    made: dict[str, Any] = {}
    refused: dict[str, Exception] = {}
    with _undisturbed(torch, module):
        for mode in modes:
            module.train(mode == "train")
            try:
                made[mode], programs[mode] = _exported(
                    torch, module, example, state, known, dynamic
                )
            except SeegradError as fault:
                refused[mode] = fault
    if not programs:
        raise next(iter(refused.values()))
    kept = {name for program in programs.values() for name in program.kept.values()}
    kept |= set(module.state_dict(keep_vars=True))
    kept |= {name for name, value in state.items() if isinstance(value, torch.nn.Parameter)}
    written = Written(
        {name: _array(torch, value, name) for name, value in state.items() if name in kept},
        {name: one for name, one in first.items() if name in kept or name in parts},
        frozenset(n for n, v in state.items() if v.requires_grad),
        {name: Part(type(m).__name__, m.extra_repr()) for name, m in parts.items()},
        programs,
        refused,
    )
    return written, made


def _state(torch: Any, module: Any) -> dict[str, Any]:
    found = dict(module.named_parameters(remove_duplicate=False))
    found.update(module.named_buffers(remove_duplicate=False))
    lazy = [n for n, v in found.items() if isinstance(v, torch.nn.UninitializedTensorMixin)] if (
        hasattr(torch.nn, "UninitializedTensorMixin")
    ) else [n for n, v in found.items() if type(v).__name__.startswith("Uninitialized")]
    if lazy:
        raise FormatError(
            tr("a parameter of the module has no shape yet"),
            asked=tr("a module that has been called once"),
            came=", ".join(lazy[:3]),
            hint=tr("call it on the example first: module(*example)"),
        )
    return found


def _gaussian_nll(
    input: Any, target: Any, var: Any, full: bool = False, eps: float = 1e-6,
    reduction: str = "mean",
) -> Any:  # fmt: skip
    """PyTorch's loss without its look at the values of `var`, which torch.export refuses."""
    torch = official()
    var = torch.as_tensor(var, dtype=input.dtype)
    if var.ndim and var.ndim == input.ndim - 1:
        var = var.unsqueeze(-1)
    wide = var + (var.clamp(min=eps) - var).detach()
    values = 0.5 * (torch.log(wide) + (input - target) ** 2 / wide)
    if full:
        values = values + 0.5 * math.log(2 * math.pi)
    if reduction == "none":
        return values
    return values.mean() if reduction == "mean" else values.sum()


@contextmanager
def _undisturbed(torch: Any, module: Any) -> Iterator[None]:
    """Modes, buffers and random state of PyTorch are afterwards as they were."""
    modes = {one: one.training for one in module.modules()}
    buffers = {name: value.clone() for name, value in module.named_buffers()}
    quiet = logging.root.manager.disable
    checked = torch.nn.functional.gaussian_nll_loss
    told = io.StringIO()                 # what torch.export prints of a graph that it refuses
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings(), redirect_stderr(told):
        warnings.simplefilter("ignore")
        logging.disable(logging.ERROR)
        torch.nn.functional.gaussian_nll_loss = _gaussian_nll
        try:
            yield
        finally:
            logging.disable(quiet)
            torch.nn.functional.gaussian_nll_loss = checked
            for one, training in modes.items():
                one.training = training
            with torch.no_grad():
                for name, value in module.named_buffers():
                    if value is not None and name in buffers:
                        value.copy_(buffers[name])


def _exported(
    torch: Any, module: Any, example: Example, state: Mapping[str, Any], known: Known, dynamic: bool
) -> tuple[Any, Program]:
    """What torch.export makes of a module, in operations that are known where that is possible.

    Axes are free where that serves the example, too, which was doubled for it.
    """
    wide = _doubled(torch, example) if dynamic else None
    leaves = torch.utils._pytree.tree_leaves((example.inputs, dict(example.keywords)))
    shapes = [tuple(x.shape) for x in leaves if isinstance(x, torch.Tensor)]
    attempts = [(wide or example, dynamic)] + ([(example, False)] if dynamic else [])
    fault: Exception | None = None
    for given, free in attempts:
        try:
            made = _once(torch, module, given, known, free)
            program = _program(torch, made, state, known)
        except SeegradError as found:
            fault = fault or found
            continue
        if program.serves(shapes):
            return made, program
    assert fault is not None
    raise fault


def _once(torch: Any, module: Any, example: Example, known: Known, free: bool) -> Any:
    axis = {0: torch.export.Dim.AUTO}

    def shapes(value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return axis if value.ndim else None
        if isinstance(value, Mapping):
            return {key: shapes(item) for key, item in value.items()}
        if isinstance(value, (tuple, list)):
            return type(value)(shapes(item) for item in value)
        return None

    dims: dict[str, Any] | None = None
    if free:
        names = list(signature(module.forward).parameters.values())
        given = [shapes(x) for x in example.inputs]
        if names and names[0].kind is names[0].VAR_POSITIONAL:
            dims = {names[0].name: tuple(given)}
        else:
            dims = {p.name: one for p, one in zip(names, given)}
        dims |= {name: shapes(x) for name, x in example.keywords.items()}
    with torch.enable_grad():
        try:
            made = torch.export.export(
                module, example.inputs, dict(example.keywords), dynamic_shapes=dims, strict=False
            )
            _detach_without_grad(torch, made)
            table = torch.export.default_decompositions()
            calls = [_step(torch, node) for node in made.graph.nodes if node.op == "call_function"]
            apart = {step.operator for step in calls if not known(step.operator, step)}
            for op in list(table):
                if _is_known(op, known, apart):
                    del table[op]
            return made.run_decompositions(table)
        except SeegradError:
            raise
        except Exception as fault:
            raise _not_taken(torch, module, example) or _refusal(module, fault) from fault


def _detach_without_grad(torch: Any, made: Any) -> None:
    """Say of what is computed under torch.no_grad that it is cut off, before that is forgotten."""
    for node in list(made.graph.nodes):
        if str(node.target) != "wrap_with_set_grad_enabled" or node.args[0]:
            continue
        for result in list(node.users):
            with made.graph.inserting_after(result):
                cut = made.graph.call_function(torch.ops.aten.detach.default, (result,))
            cut.meta = dict(result.meta)
            result.replace_all_uses_with(cut, delete_user_cb=lambda user, cut=cut: user is not cut)
            for spec in made.graph_signature.output_specs:
                if getattr(spec.arg, "name", None) == result.name:
                    spec.arg.name = cut.name
    made.graph_module.recompile()


def _is_known(op: Any, known: Known, apart: Collection[str]) -> bool:
    """Is an operation read as it is? Not where it is to be taken apart."""
    name = op.name() if hasattr(op, "name") else ""
    space, _, rest = name.partition("::")
    operator = rest if "." in rest else f"{rest}.default"
    return space == "aten" and known(operator) and operator not in apart


def _doubled(torch: Any, example: Example) -> Example | None:
    """The example twice, where its batch is one: PyTorch takes a size of 1 to be always so."""
    leaves, _ = flatten((list(example.inputs), dict(example.keywords)))
    arrays = [x for x in leaves if isinstance(x, torch.Tensor) and x.ndim]
    if not arrays or any(x.shape[0] != 1 for x in arrays):
        return None

    def twice(value: Any) -> Any:
        wide = isinstance(value, torch.Tensor) and value.ndim
        return torch.cat([value, value]) if wide else value

    return Example(*torch.utils._pytree.tree_map(twice, (example.inputs, dict(example.keywords))))


REASONS = {
    "GuardOnDataDependentSymNode": "the values of an array decide which way the code goes",
    "DataDependentOutputException": "the values of an array decide which way the code goes",
    "PendingUnbackedSymbolNotFound": "the values of an array decide the shape of the result",
    "DynamicOutputShapeException": "the values of an array decide the shape of the result",
    "UnsupportedOperatorException": "an operation cannot be traced",
}


def _not_taken(torch: Any, module: Any, example: Example) -> SeegradError | None:
    """What the module itself says of the example, where it does not take it."""
    try:
        with torch.no_grad():
            module(*copy.deepcopy(example.inputs), **copy.deepcopy(dict(example.keywords)))
    except Exception as fault:
        arrays = torch.utils._pytree.tree_leaves((example.inputs, dict(example.keywords)))
        foreign = any(isinstance(x, np.ndarray) for x in arrays)
        return CallError(
            tr("{name} does not take this example", name=type(module).__name__),
            asked=f"forward{signature(module.forward)}",
            came=str(fault).strip()[:300],
            hint=tr("give tensors of PyTorch: torch.from_numpy(x)") if foreign else
            tr("give what the module is called with: sg.from_torch(module, x)"),
        )  # fmt: skip
    return None


def _refusal(module: Any, fault: Exception) -> SeegradError:
    """Why torch.export refuses, in our words, with the line of the module's author."""
    chain: list[BaseException] = [fault]
    while chain[-1].__cause__ or chain[-1].__context__:
        chain.append(chain[-1].__cause__ or chain[-1].__context__)  # type: ignore[arg-type]
        if len(chain) > 8:
            break
    kinds = [type(one).__name__ for one in chain]
    reason = next((REASONS[kind] for kind in kinds if kind in REASONS), "")
    text = str(fault).strip()
    if not reason and "data-dependent" in text:
        reason = REASONS["GuardOnDataDependentSymNode"]
    line = next(filter(None, map(_user_line, reversed(chain))), "")
    return FormatError(
        tr("{name} cannot be written down by torch.export", name=type(module).__name__),
        asked=tr("a forward whose steps do not depend on values"),
        came="; ".join(filter(None, [tr(reason) if reason else (text or kinds[0])[:200], line])),
        hint=tr("torch.where chooses between values without a branch") if reason else "",
    )


def _user_line(fault: BaseException) -> str:
    """Where in the module's own code an error came up: `model.py:12: if x.sum() > 0:`."""
    frames = traceback.extract_tb(fault.__traceback__)
    own = [f for f in frames if not _ours_or_pytorchs(f.filename)]
    if not own:
        return ""
    return f"{Path(own[-1].filename).name}:{own[-1].lineno}: {own[-1].line or ''}".strip(": ")


def _ours_or_pytorchs(file: str) -> bool:
    """Is this no file of the module's author?"""
    homes = (Path(official().__file__).parent, Path(__file__).parents[2])
    return file.startswith("<") or any(Path(file).is_relative_to(home) for home in homes) or (
        Path(file).name == "contextlib.py"
    )


# --------------------------------------------------------------- the graph as data


def _program(torch: Any, made: Any, state: Mapping[str, Any], known: Known) -> Program:
    steps = tuple(
        _step(torch, node) for node in made.graph.nodes if node.op not in ("placeholder", "output")
    )
    _refuse_unknown(steps, known)
    signature = made.graph_signature
    kept: dict[str, str] = {}
    constants: dict[str, Any] = {}
    inputs: list[Input] = []
    mutable = set(signature.buffers_to_mutate.values())
    values = {node.name: node.meta.get("val") for node in made.graph.nodes}
    given = {
        spec.arg.name: spec.arg.value if hasattr(spec.arg, "value") else values[spec.arg.name]
        for spec in signature.input_specs if spec.kind.name == "USER_INPUT"
    }  # fmt: skip
    shapes, conditions = free_sizes(
        {name: value.shape for name, value in given.items() if isinstance(value, torch.Tensor)}
    )
    for spec in signature.input_specs:
        kind, name = spec.kind.name, spec.arg.name
        stays = kind == "BUFFER" and (spec.persistent or spec.target in mutable)
        if kind == "PARAMETER" or stays:
            kept[name] = spec.target
        elif kind == "BUFFER":
            constants[name] = _array(torch, state[spec.target], spec.target)
        elif kind == "CONSTANT_TENSOR":
            constants[name] = _array(torch, made.constants[spec.target], spec.target)
        elif kind == "USER_INPUT":
            inputs.append(_input(torch, name, given[name], shapes.get(name, ())))
        else:
            raise FormatError(
                tr("a part of the module is of a kind that is not read here"), came=kind.lower()
            )
    results, changed = [], {}
    for spec in signature.output_specs:
        kind = spec.kind.name
        if kind == "USER_OUTPUT":
            results.append(
                spec.arg.value if hasattr(spec.arg, "value") else Ref(str(spec.arg.name))
            )
        elif kind == "BUFFER_MUTATION":
            changed[spec.target] = Ref(spec.arg.name)
        else:
            raise FormatError(
                tr("the module writes into its inputs"),
                asked=tr("a forward that leaves its inputs as they are"),
                came=str(getattr(spec, "target", kind)),
            )
    tree = torch.utils._pytree.tree_unflatten(list(map(_Leaf, results)), made.call_spec.out_spec)
    leaves, structure = flatten(_plain_tree(tree))
    return Program(
        tuple(inputs), kept, constants, steps, tuple(leaf.value for leaf in leaves), structure,
        changed, conditions,
    )  # fmt: skip


@dataclass(frozen=True)
class _Leaf:
    value: Any


def _plain_tree(tree: Any) -> Any:
    """Tuples, lists and dictionaries of PyTorch's kinds as Python's own."""
    if isinstance(tree, _Leaf) or tree is None:
        return tree
    if isinstance(tree, Mapping):
        return {str(key): _plain_tree(item) for key, item in tree.items()}
    if isinstance(tree, (tuple, list)) and type(tree) not in (tuple, list):
        if hasattr(tree, "_fields"):
            return type(tree)(*map(_plain_tree, tree))
        return tuple(map(_plain_tree, tree))
    if isinstance(tree, (tuple, list)):
        return type(tree)(map(_plain_tree, tree))
    if hasattr(tree, "to_tuple"):
        return _plain_tree(tree.to_tuple())
    return {key: _plain_tree(item) for key, item in vars(tree).items()}


def _refuse_unknown(steps: Sequence[Step], known: Known) -> None:
    unknown: dict[str, str] = {}
    for step in steps:
        if not known(step.operator):
            unknown.setdefault(step.operator.removesuffix(".default"), step.line)
    if unknown:
        raise FormatError(
            tr("this module has operations that are not known here"),
            asked=tr("operations of ATen that the guide on PyTorch lists"),
            came="; ".join(f"{name} ({line})" if line else name for name, line in unknown.items()),
            hint=tr("write this part with other operations"),
        )


def _input(torch: Any, name: str, value: Any, shape: tuple[int | str, ...]) -> Input:
    if not isinstance(value, torch.Tensor):
        return Input(name, fixed=value)
    return Input(name, shape, _dtype(torch, value.dtype, name))


def _step(torch: Any, node: Any) -> Step:
    values = node.meta.get("val")
    several = isinstance(values, (tuple, list))
    dtypes = tuple(
        _dtype(torch, v.dtype, node.name) if isinstance(v, torch.Tensor) else None
        for v in (values if several else [values])
    )
    common: dict[str, Any] = {
        "dtypes": dtypes, "several": several, "path": _path(node), "line": _line(node),
    }  # fmt: skip
    target = node.target
    if not isinstance(target, torch._ops.OpOverload):
        name = getattr(target, "__name__", str(target))
        arguments = {str(i): _plain(torch, a) for i, a in enumerate(node.args)}
        return Step(node.name, f"python.{name}", arguments, **common)
    given = frozenset(
        [a.name for a, _ in zip(target._schema.arguments, node.args)] + list(node.kwargs)
    )
    arguments = {}
    changed = set()
    for place, argument in enumerate(target._schema.arguments):
        if place < len(node.args):
            value = _plain(torch, node.args[place])
        elif argument.name in node.kwargs:
            value = _plain(torch, node.kwargs[argument.name])
        else:
            value = _plain(torch, argument.default_value)
        arguments[argument.name] = value
        default = _plain(torch, argument.default_value) if argument.has_default_value() else None
        if argument.name in given and not (argument.has_default_value() and value == default):
            changed.add(argument.name)
    space, _, name = target.name().partition("::")
    name = name if "." in name else f"{name}.default"
    operator = name if space == "aten" else f"{space}::{name}"
    return Step(node.name, operator, arguments, frozenset(changed), **common)


def _plain(torch: Any, value: Any) -> Any:
    """An argument without anything of PyTorch's."""
    if isinstance(value, torch.fx.Node):
        return Ref(value.name)
    if isinstance(value, (tuple, list)):
        return tuple(_plain(torch, item) for item in value)
    if isinstance(value, torch.dtype):
        return str(value)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)


def _path(node: Any) -> tuple[str, ...]:
    """The modules around a step, each as it is called within the one before."""
    found: list[str] = []
    before = ""
    for path, kind in node.meta.get("nn_module_stack", {}).values():
        path = path.split("@")[0]
        if not path or path == before or "metadata_hook" in path:
            continue
        own = path.removeprefix(f"{before}.") if before else path
        last = own.rpartition(".")[2]
        if last.isdigit():
            kind = kind if isinstance(kind, str) else kind.__name__
            own = f"{own}.{kind.rpartition('.')[2]}"
        found.append(own)
        before = path
    return tuple(found)


def _line(node: Any) -> str:
    """The line of the module's author: `model.py:12`."""
    for text in reversed(node.meta.get("stack_trace", "").splitlines()):
        if not text.strip().startswith("File "):
            continue
        _, path, rest = text.split('"', 2)
        if not _ours_or_pytorchs(path):
            return f"{Path(path).name}:{rest.split('line ')[1].split(',')[0]}"
    return ""


def _dtype(torch: Any, dtype: Any, name: str) -> Any:
    word = str(dtype).removeprefix("torch.")
    if word in ("bfloat16",) or dtype.is_complex or word.startswith(("float8", "q")):
        raise DTypeError(
            tr("{name} has a dtype that is not read here", name=name),
            asked="float16, float32, float64",
            came=word,
            hint=tr("compute with real pairs instead") if dtype.is_complex else
            tr("convert the module first: module.float()"),
        )  # fmt: skip
    return np.dtype(word)


def _array(torch: Any, value: Any, name: str) -> Array:
    """A tensor's values as an array of its own."""
    _dtype(torch, value.dtype, name)
    if value.is_meta:
        raise FormatError(
            tr("{name} holds no values", name=name),
            came="device meta",
            hint=tr("make the module on the CPU"),
        )
    return np.array(value.detach().cpu().numpy(force=True))


# --------------------------------------------------------------- the original, for comparison


@dataclass(frozen=True)
class Observed:
    """What the original gave: results, gradients of parameters by name and of inputs by place
    among those with fractions, what its buffers became; and whether a torch.autograd.Function
    with a backward of its own had a part in it."""

    results: tuple[Any, ...]
    gradients: Mapping[str, Array]
    by_input: Mapping[str, Array]
    changed: Mapping[str, Array]
    noise: Mapping[str, Array]
    own_backward: bool = False


def as_arrays(example: Example) -> tuple[Any, ...]:
    """The arrays of an example in order, and what is no array as it is."""
    torch = official()
    leaves = torch.utils._pytree.tree_leaves((example.inputs, dict(example.keywords)))
    return tuple(
        x.detach().cpu().numpy() if isinstance(x, torch.Tensor) else x for x in leaves
    )


def resized(example: Example, sizes: Mapping[int, int]) -> Example:
    """The example with rows repeated or left out, so that its arrays have these first sizes.

    sizes: by the places of the arrays among all of the example's.
    """
    torch = official()
    leaves, structure = torch.utils._pytree.tree_flatten((example.inputs, dict(example.keywords)))
    arrays = (i for i, x in enumerate(leaves) if isinstance(x, torch.Tensor))
    for place, i in enumerate(arrays):
        if place in sizes:
            leaves[i] = leaves[i][torch.arange(sizes[place]) % len(leaves[i])]
    return Example(*torch.utils._pytree.tree_unflatten(leaves, structure))


def results(module: Any, example: Example) -> list[Any] | None:
    """What the original gives in use; None where it does not take the example."""
    torch = official()
    inputs, keywords = copy.deepcopy((example.inputs, dict(example.keywords)))
    with _undisturbed(torch, module), torch.no_grad():
        module.eval()
        try:
            found = torch.utils._pytree.tree_leaves(module(*inputs, **keywords))
        except Exception:
            return None
        return [
            x.cpu().numpy() if isinstance(x, torch.Tensor) else x for x in found if x is not None
        ]


def draws(made: Any) -> bool:
    """Does a written graph draw random numbers?"""
    torch = official()
    for node in made.graph.nodes:
        if isinstance(node.target, torch._ops.OpOverload):
            name = node.target._schema.name.partition("::")[2]
            attends = name == "scaled_dot_product_attention" and 0.0 not in node.args[4:5]
            if name in DRAWN or name.startswith("rand") or (attends and len(node.args) > 4):
                return True
    return False


def draws_within(made: Any) -> bool:
    """Does a recurrent layer leave out values between its layers, which nothing can repeat?"""
    for node in made.graph.nodes:
        name = str(node.target).removeprefix("aten.").split(".")[0]
        if name in ("lstm", "gru", "rnn_tanh", "rnn_relu") and node.args[5] and node.args[6]:
            return True
    return False


def observe(
    module: Any, made: Any, example: Example, mode: str, weights: Callable[[int, Any], Array]
) -> Observed:
    """Run the original with the example, weigh its results and differentiate.

    A module that draws random numbers is run as its written graph, whose draws are kept. Some
    operations refuse an input whose derivative is asked for: then no input's is.
    """
    torch = official()
    try:
        return _observed(torch, module, made, _differentiable(torch, example), mode, weights)
    except RuntimeError:
        plain = copy.deepcopy(example)
        return _observed(torch, module, made, (plain, {}), mode, weights)


def _observed(
    torch: Any, module: Any, made: Any, example: tuple[Example, dict[str, Any]], mode: str,
    weights: Callable[[int, Any], Array],
) -> Observed:  # fmt: skip
    given, leaves = example
    parameters = {
        name: value for name, value in module.named_parameters() if value.requires_grad
    }
    with _undisturbed(torch, module), torch.enable_grad():
        module.train(mode == "train")
        noise: dict[str, Array] = {}
        changed: dict[str, Array] = {}
        if made is not None and draws(made):
            results, buffers, noise = _by_graph(torch, module, made, given)
            changed = {name: _array(torch, value, name) for name, value in buffers.items()}
        else:
            out = module(*given.inputs, **given.keywords)
            results = [r for r in torch.utils._pytree.tree_leaves(out) if r is not None]
            if mode == "train":
                there = module.state_dict()
                changed = {
                    n: _array(torch, b, n) for n, b in module.named_buffers() if n in there
                }
        total = None
        for place, result in enumerate(results):
            if isinstance(result, torch.Tensor) and result.dtype.is_floating_point:
                weight = torch.as_tensor(weights(place, tuple(result.shape)), dtype=result.dtype)
                part = (result * weight).sum()
                total = part if total is None else total + part
        grads, by_input = (_gradients(torch, total, wanted) for wanted in (parameters, leaves))
        arrays = tuple(
            _array(torch, r, "result") if isinstance(r, torch.Tensor) else r for r in results
        )
    return Observed(arrays, grads, by_input, changed, noise, _has_own_backward(torch, total))


def _has_own_backward(torch: Any, total: Any) -> bool:
    """Has a function of the module's author a part in a result?"""
    kind = torch.autograd.function.BackwardCFunction
    waiting, seen = [getattr(total, "grad_fn", None)], set()
    while waiting:
        one = waiting.pop()
        if isinstance(one, kind):
            return True
        if one is not None and one not in seen:
            seen.add(one)
            waiting += [before for before, _ in one.next_functions]
    return False


def _differentiable(torch: Any, example: Example) -> tuple[Example, dict[str, Any]]:
    """A copy of the example, and the leaves that its numbers come from, by their places."""
    leaves: dict[str, Any] = {}

    def copied(value: Any) -> Any:
        if not isinstance(value, torch.Tensor) or not value.dtype.is_floating_point:
            return copy.deepcopy(value)
        leaf = value.detach().clone().requires_grad_()
        leaves[str(len(leaves))] = leaf
        return leaf.clone()              # which the module may write to

    tree = (example.inputs, dict(example.keywords))
    inputs, keywords = torch.utils._pytree.tree_map(copied, tree)
    return Example(tuple(inputs), keywords), leaves


def _gradients(torch: Any, total: Any, wanted: Mapping[str, Any]) -> dict[str, Array]:
    """The derivative of the weighed sum for each of these tensors; zeros where it has no part,
    nothing where PyTorch has none itself (as of floor_divide)."""
    if total is None or not total.requires_grad or not wanted:
        return {}
    leaves = list(wanted.values())
    try:
        found = torch.autograd.grad(total, leaves, allow_unused=True, retain_graph=True)
    except RuntimeError:
        return {}
    return {
        name: _array(torch, torch.zeros_like(value) if grad is None else grad, name)
        for (name, value), grad in zip(wanted.items(), found)
    }


def in_float64(module: Any, example: Example) -> tuple[Any, Example]:
    """A copy of the module and the example in float64."""
    torch = official()

    def wide(value: Any) -> Any:
        floating = isinstance(value, torch.Tensor) and value.dtype.is_floating_point
        return value.double() if floating else value

    inputs, keywords = torch.utils._pytree.tree_map(wide, (example.inputs, dict(example.keywords)))
    return copy.deepcopy(module).double(), Example(tuple(inputs), keywords)


def _flat_inputs(torch: Any, module: Any, made: Any, example: Example) -> list[Any]:
    state = _state(torch, module)
    given = iter(torch.utils._pytree.tree_leaves((example.inputs, dict(example.keywords))))
    found = []
    for spec in made.graph_signature.input_specs:
        kind = spec.kind.name
        if kind in ("PARAMETER", "BUFFER"):
            found.append(state[spec.target])
        elif kind == "USER_INPUT":
            found.append(next(given))
        else:
            found.append(made.constants[spec.target])
    return found


def _with_draws(torch: Any, name: str, given: Mapping[str, Any]) -> tuple[Any, Any]:
    """What a random operation gives, and what it drew: from [0, 1) for those of PyTorch's that
    keep it to themselves. Nothing for all other operations."""
    if name in ("randn", "randn_like", "rand", "rand_like"):
        return None, True
    if name == "scaled_dot_product_attention" and given["dropout_p"]:
        return _attention_with_draws(torch, **given)
    x = given.get("input", given.get("self"))
    if name not in DRAWN or not given.get("train", given.get("training", True)):
        return None, None
    drawn = torch.rand(x.shape)
    if name == "uniform":
        return drawn.to(x.dtype) * given["to"], drawn
    if name == "exponential":
        return -torch.log1p(-drawn.to(x.dtype)) / given["lambd"], drawn
    if name.startswith("rrelu"):
        slope = drawn.to(x.dtype) * (given["upper"] - given["lower"]) + given["lower"]
        out = torch.where(x > 0, x, x * slope)
        return (out, slope) if name.endswith("functional") else out, drawn
    if name == "bernoulli":
        return (drawn < (x if given.get("p") is None else given["p"])).to(x.dtype), drawn
    kept = drawn >= given["p"]
    out = x * kept / (1 - given["p"]) if given["p"] < 1 else x * 0
    return (out, kept) if name == "native_dropout" else out, drawn


def _attention_with_draws(
    torch: Any, query: Any, key: Any, value: Any, attn_mask: Any, dropout_p: float,
    is_causal: bool, scale: float | None, enable_gqa: bool,
) -> tuple[Any, Any]:  # fmt: skip
    """PyTorch's attention with the shares that are left out drawn here: it keeps none."""
    if enable_gqa:
        times = query.shape[-3] // key.shape[-3]
        key, value = (x.repeat_interleave(times, -3) for x in (key, value))
    share = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    scores = (query * share) @ key.transpose(-2, -1)
    if is_causal:
        attn_mask = torch.ones(scores.shape[-2:], dtype=torch.bool).tril()
    if attn_mask is not None:
        closed = attn_mask.dtype == torch.bool
        scores = scores.masked_fill(~attn_mask, -math.inf) if closed else scores + attn_mask
    drawn = torch.rand(scores.shape)
    shares = torch.softmax(scores, -1) * (drawn >= dropout_p) / (1 - dropout_p)
    return shares @ value, drawn


def _recorder(torch: Any, made: Any) -> Any:
    """Runs a written graph, keeping the value of every node and what is drawn."""

    class Recorder(torch.fx.Interpreter):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(made.graph_module)
            self.noise: dict[str, Array] = {}
            self.values: dict[str, Any] = {}

        def run_node(self, node: Any) -> Any:
            found = self._drawn(node)
            if found is None:
                found = super().run_node(node)
            self.values[node.name] = found
            return found

        def _drawn(self, node: Any) -> Any:
            if not isinstance(node.target, torch._ops.OpOverload):
                return None
            schema = node.target._schema
            args, kwargs = self.fetch_args_kwargs_from_env(node)
            given = {a.name: a.default_value for a in schema.arguments} | {
                a.name: value for a, value in zip(schema.arguments, args)
            }  # fmt: skip
            found, drawn = _with_draws(torch, schema.name.partition("::")[2], given | kwargs)
            if drawn is None:
                return None
            if found is None:  # the draws are the result
                found = drawn = super().run_node(node)
            self.noise[node.name] = drawn.numpy()
            return found

    return Recorder()


def _by_graph(
    torch: Any, module: Any, made: Any, example: Example
) -> tuple[list[Any], dict[str, Any], dict[str, Array]]:
    recorder = _recorder(torch, made)
    out = recorder.run(*_flat_inputs(torch, module, made, example))
    results, changed = [], {}
    for spec, value in zip(made.graph_signature.output_specs, out):
        if spec.kind.name == "BUFFER_MUTATION":
            changed[spec.target] = value
        elif value is not None:
            results.append(value)
    return results, changed, recorder.noise


def every_value(
    module: Any, made: Any, example: Example, mode: str
) -> tuple[dict[str, Any], dict[str, Array]]:
    """What each node of the written graph gives, as arrays, and what was drawn, by step."""
    torch = official()
    with _undisturbed(torch, module), torch.no_grad():
        module.train(mode == "train")
        recorder = _recorder(torch, made)
        recorder.run(*_flat_inputs(torch, module, made, example))

    def arrays(value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return value.detach().numpy()
        return tuple(map(arrays, value)) if isinstance(value, (tuple, list)) else value

    return {name: arrays(value) for name, value in recorder.values.items()}, recorder.noise


def pulled(step: Step, given: Mapping[str, Any], weights: Sequence[Any]) -> list[Array | None]:
    """The derivatives of one step's weighed results by its arrays, as PyTorch has them."""
    torch = official()
    packet = getattr(torch.ops.aten, step.operator.split(".")[0])
    overload = getattr(packet, step.operator.split(".")[1])
    leaves: list[Any] = []

    def tensors(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            one = torch.tensor(value)
            if one.dtype.is_floating_point:
                one.requires_grad_()
                leaves.append(one)
            return one
        return [tensors(v) for v in value] if isinstance(value, tuple) else value

    arguments = {name: tensors(value) for name, value in given.items()}
    schema = overload._schema.arguments
    values = [arguments[a.name] for a in schema if not a.kwarg_only]
    plain = (bool, int, float, str)
    named = {
        a.name: arguments[a.name] for a in schema
        if a.kwarg_only and isinstance(arguments[a.name], plain) and "torch." not in str(
            arguments[a.name])
    }  # fmt: skip
    out = overload(*values, **named)
    results = out if isinstance(out, (tuple, list)) else [out]
    total = sum(
        (r * torch.as_tensor(w, dtype=r.dtype)).sum()
        for r, w in zip(results, weights)
        if w is not None
    )
    found = torch.autograd.grad(total, leaves, allow_unused=True)
    return [None if g is None else np.asarray(g) for g in found]
