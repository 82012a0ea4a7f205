"""What from_torch refuses and how it says so; that a mistake is found; the table of ATen calls."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import seegrad as sg
from seegrad.errors import CallError, DTypeError, FormatError, ShapeError, ValueRangeError
from seegrad.graph.onnx_signature import parse_exchange
from seegrad.interop.pytorch.operators import READERS
from seegrad.interop.pytorch.operators.reader import Reader

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
from torch import nn  # noqa: E402


class Function(nn.Module):
    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function

    def forward(self, *xs):
        return self.function(*xs)


def test_unknown_operations_are_named_all_at_once():
    module = Function(lambda x: torch.cholesky_solve(x, x) + torch.linalg.lu(x)[1])
    with pytest.raises(FormatError) as found:
        sg.from_torch(module, torch.eye(3))
    assert "cholesky_solve" in str(found.value)
    assert "linalg_lu" in str(found.value)
    assert "test_from_torch_refused.py" in str(found.value)


def test_what_values_decide_is_refused_with_the_line(capfd):
    def by_value(x):
        return x * 2 if x.sum() > 0 else x

    with pytest.raises(FormatError, match="decide which way the code goes") as found:
        sg.from_torch(Function(by_value), torch.ones(3))
    assert "return x * 2 if x.sum() > 0 else x" in str(found.value)
    with pytest.raises(FormatError):
        sg.from_torch(Function(lambda x: torch.masked_select(x, x > 0)), torch.ones(3))
    assert capfd.readouterr() == ("", "")           # torch.export would show its graph


def test_an_example_that_the_module_does_not_take_is_refused_with_its_own_words():
    with pytest.raises(CallError, match=r"(?s)does not take this example.*forward\(input.*missing"):
        sg.from_torch(nn.Linear(3, 2))
    with pytest.raises(CallError, match="cannot be multiplied"):
        sg.from_torch(nn.Linear(3, 2), torch.ones(4, 5))
    with pytest.raises(CallError, match="from_numpy"):
        sg.from_torch(nn.Linear(3, 2), np.ones((4, 3), np.float32))


class Tripled(torch.autograd.Function):
    """A function whose backward is not its derivative."""

    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, g):
        return 3 * g


def test_a_backward_of_its_own_is_not_lost_without_a_word():
    for before, after in ((nn.Identity(), nn.Linear(3, 2)), (nn.Linear(3, 3), nn.Identity())):
        module = nn.Sequential(before, Function(Tripled.apply), after)
        with pytest.raises(FormatError, match=r"(?s)gradient of .*custom_vjp"):
            sg.from_torch(module, torch.ones(4, 3))
    net = sg.from_torch(nn.Sequential(nn.Linear(3, 2), nn.Tanh()), torch.ones(4, 3))
    assert list(net.verified.inputs) == ["input"]
    assert net.verified.inputs["input"] < 1e-6


def test_what_pytorch_itself_does_not_differentiate_is_compared_in_its_values():
    halves = Function(lambda x: x // 2)
    assert sg.from_torch(halves, torch.ones(3)).verified.inputs == {}
    net = sg.from_torch(nn.Sequential(nn.Linear(3, 2), halves), torch.ones(4, 3))
    assert net.verified.gradients == {}
    one = torch.ones(4, 2)
    net = sg.from_torch(Function(torch.nn.functional.soft_margin_loss), one / 3, one)
    assert net.verified.output < 1e-6


def test_other_dtypes_and_other_things_are_refused():
    with pytest.raises(DTypeError, match="bfloat16"):
        sg.from_torch(nn.Linear(2, 2).bfloat16(), torch.ones(1, 2).bfloat16())
    with pytest.raises(DTypeError, match="complex"):
        sg.from_torch(Function(torch.fft.fft), torch.ones(4))
    with pytest.raises(CallError, match=r"torch\.nn\.Module"):
        sg.from_torch(torch.relu, torch.ones(3))


def test_inputs_that_do_not_fit_are_refused_by_name():
    net = sg.from_torch(nn.Linear(3, 2), torch.ones(4, 3))
    assert net(np.ones((1, 3), np.float32)).shape == (1, 2)
    with pytest.raises(ShapeError, match=r"\(N, 3\)"):
        net(np.ones((4, 5), np.float32))
    with pytest.raises(CallError, match="another number of arrays"):
        net()
    with pytest.raises(FormatError, match="dtype"):
        net(np.ones((4, 3), np.int64))
    fixed = sg.from_torch(nn.Linear(3, 2), torch.ones(4, 3), dynamic_batch=False)
    with pytest.raises(ShapeError):
        fixed(np.ones((5, 3), np.float32))


def wrong(name: str, monkeypatch: Any, function: Any) -> None:
    reader = READERS[name]
    monkeypatch.setitem(READERS, name, Reader(function, reader.takes, reader.asks))


def test_a_wrong_result_is_found_and_its_step_is_named(monkeypatch):
    wrong("gelu", monkeypatch, lambda self, approximate="none": sg.gelu(self) * 1.001)
    module = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.GELU(), nn.Linear(4, 2))
    with pytest.raises(FormatError, match="gelu differs from PyTorch"):
        sg.from_torch(module, torch.randn(5, 3))


def test_a_wrong_derivative_is_found_and_its_step_is_named(monkeypatch):
    def half(self, approximate="none"):
        y = sg.gelu(self)
        return y * 0.5 + sg.stop_gradient(y * 0.5)

    wrong("gelu", monkeypatch, half)
    module = nn.Sequential(nn.Linear(3, 4), nn.GELU(), nn.Linear(4, 2))
    with pytest.raises(FormatError, match="gelu differs from PyTorch"):
        sg.from_torch(module, torch.randn(5, 3))


def test_vectors_may_have_other_signs_where_nothing_depends_on_them(monkeypatch):
    def turned(A, full_matrices=False, compute_uv=True):
        u, s, vt = sg.linalg.svd(A, full_matrices)
        return -u, s, -vt

    wrong("linalg_svd", monkeypatch, turned)

    class Parts(nn.Module):
        def __init__(self, product: bool) -> None:
            super().__init__()
            self.product = product

        def forward(self, x: Any) -> Any:
            u, s, vt = torch.linalg.svd(x, full_matrices=False)
            return (u * s) @ vt if self.product else u

    x = torch.tensor([[3.0, 1.0], [1.0, 2.0], [0.0, 1.0]])
    assert sg.from_torch(Parts(product=True), x).verified.output <= 1e-5
    with pytest.raises(FormatError, match="linalg_svd have other signs"):
        sg.from_torch(Parts(product=False), x)
    wrong("linalg_svd", monkeypatch, lambda A, full_matrices=False, compute_uv=True: (
        turned(A)[0] * 1.01, *turned(A)[1:]))  # fmt: skip
    with pytest.raises(FormatError, match="linalg_svd differs from PyTorch"):
        sg.from_torch(Parts(product=False), x)


def test_the_module_stays_as_it_is():
    module = nn.Sequential(nn.BatchNorm1d(3), nn.Dropout()).train()
    module[1].eval()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    torch.manual_seed(5)
    drawn = torch.random.get_rng_state()
    net = sg.from_torch(module, torch.randn(4, 3))
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert (module.training, module[0].training, module[1].training) == (True, True, False)
    torch.random.set_rng_state(drawn)
    assert net.training


def test_shared_parameters_are_one():
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(3, 3), nn.Linear(3, 3)
            self.b.weight = self.a.weight

        def forward(self, x):
            return self.b(self.a(x))

    net = sg.from_torch(Tied(), torch.randn(2, 3))
    assert net.a.weight is net.b.weight
    assert [name for name, _ in net.named_parameters()] == ["a.weight", "a.bias", "b.bias"]
    assert set(sg.to_torch_state(net)) == {"a.weight", "a.bias", "b.weight", "b.bias"}


# --------------------------------------------------------------- names


def test_values_go_both_ways_under_pytorchs_names(tmp_path):
    layers = (
        (sg.nn.Affine(3, 2), nn.Linear(3, 2)),
        (sg.nn.Conv2d(2, 4, 3), nn.Conv2d(2, 4, 3)),
        (sg.nn.BatchNorm(3), nn.BatchNorm1d(3)),
        (sg.nn.LayerNorm(3), nn.LayerNorm(3)),
        (sg.nn.GroupNorm(2, 4), nn.GroupNorm(2, 4)),
        (sg.nn.Embedding(5, 3), nn.Embedding(5, 3)),
        (sg.nn.LSTM(3, 4), nn.LSTM(3, 4, batch_first=True)),
        (sg.nn.GRU(3, 4), nn.GRU(3, 4, batch_first=True)),
        (sg.nn.MultiHeadAttention(8, 2), nn.MultiheadAttention(8, 2, batch_first=True)),
        (
            sg.nn.Sequential(sg.nn.Affine(3, 4), sg.nn.Dropout(), sg.nn.PReLU()),
            nn.Sequential(nn.Linear(3, 4), nn.Dropout(), nn.PReLU()),
        ),
    )
    for ours, theirs in layers:
        state = sg.to_torch_state(ours)
        theirs.load_state_dict({k: torch.from_numpy(v) for k, v in state.items()})
        file = sg.save(ours, tmp_path / "w.safetensors", names="torch")
        for _, value in ours.named_leaves():
            value.assign(np.zeros(value.shape, value.dtype))
        sg.load(ours, file, names="torch")
        for name, value in sg.to_torch_state(ours).items():
            assert np.array_equal(value, state[name])


def test_other_names_come_with_the_three_nearest(tmp_path):
    net = sg.nn.Sequential(sg.nn.Affine(3, 2))
    other = {"model.0.weight": np.ones((2, 3)), "model.0.bias": np.ones(2), "x": np.ones(1)}
    from seegrad.nn.torch_names import load_torch_state
    from seegrad.safetensors_file import save_arrays

    with pytest.raises(ValueRangeError) as found:
        load_torch_state(net, other)
    assert "0.weight (nearest: model.0.weight, " in str(found.value)
    file = save_arrays(other, tmp_path / "o.safetensors")
    with pytest.raises(ValueRangeError, match="nearest"):
        sg.load(net, file, names="torch")
    with pytest.raises(ValueRangeError, match="tensorflow"):
        sg.load(net, file, names="tensorflow")  # type: ignore[arg-type]
    with pytest.raises(ShapeError):
        load_torch_state(net, {"0.weight": np.ones((3, 3)), "0.bias": np.ones(2)})


# --------------------------------------------------------------- the table

OPS = [op for op in sg.TABLE.values() if op.aten and (op.differentiable or op.inlined)]


@pytest.mark.parametrize("op", OPS, ids=[op.name for op in OPS])
def test_atens_calls_give_what_the_op_gives(op):
    """Read in the other direction: what stands at the definition is called in PyTorch."""
    compared = sum(compare(op, text, case) for text in op.aten for case in op.cases)
    without = {"det", "inv", "solve", "gammaln", "take", "svdvals", "where", "flip"}
    assert compared or op.name in without


def compare(op: Any, text: str, case: Any) -> bool:
    """Whether a case can be called so; AssertionError where PyTorch gives another value."""
    call = parse_exchange(text)
    packet, _, overload = call.name.partition(".")
    function = getattr(torch.ops.aten, packet)
    function = getattr(function, overload) if overload else function
    names = [str(name).lstrip("*") for name in (call.inputs or op.inputs)]
    attrs = {**op.optional, **case.attrs}
    said = set(names) | {name.lstrip("*") for name in op.inputs}
    unsaid = any(case.attrs[n] != op.optional.get(n) for n in case.attrs if n not in said)
    if case.domain or case.integers or unsaid:
        return False
    low, high = next(iter(op.domain.values()), (-2.0, 2.0))
    if np.ndim(low):
        return False
    chance = np.random.default_rng(3)
    inputs = [chance.uniform(low, high, shape) for shape in case.shapes]
    if op.inputs[0] == "condition":
        inputs[0] = inputs[0] > 0
    arrays = [torch.tensor(x) for x in inputs]
    given: dict[str, Any] = (
        {names[0]: arrays} if op.variadic else dict(zip(op.inputs, arrays))
    )
    try:
        theirs = function(*[given.get(name, attrs.get(name)) for name in names])
    except (RuntimeError, IndexError, TypeError):
        return False  # of another number of axes than this overload takes
    np.testing.assert_allclose(
        np.asarray(op(*inputs, **case.attrs)), theirs.numpy(), rtol=1e-6, atol=1e-9
    )
    return True
