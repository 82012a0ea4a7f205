"""Compiled equals eager: the whole op table, gradients, training steps, epochs, state, errors."""

import gc
import os
import threading

import numpy as np
import pytest

import seegrad as sg
from seegrad import nn, optim
from seegrad.compiler import target
from seegrad.compiler.runtime import executable
from seegrad.errors import (
    DTypeError,
    IndexRangeError,
    NonFiniteError,
    ShapeError,
    TraceError,
    ValueRangeError,
)
from seegrad.ops.families import TABLE
from trust.harness import sampling

pytestmark = pytest.mark.skipif(not target.available(), reason="llvmlite is not installed")


@pytest.fixture(autouse=True)
def _poisoned(monkeypatch):
    """Memory that was never written is NaN."""
    monkeypatch.setattr(executable, "POISON", True)


def inputs_of(op, case, dtype, rng):
    xs = sampling.inputs_of(op, case, rng, dtype)
    logical = op.name.startswith("logical")
    return [np.asarray(x > 0) if logical and x.dtype.kind == "f" else x for x in xs]


def same(got, want, ulps=40):
    got, want = np.asarray(got), np.asarray(want)
    assert got.shape == want.shape
    assert got.dtype == want.dtype
    if want.dtype.kind == "f":
        eps = float(np.finfo(want.dtype).eps)
        np.testing.assert_allclose(got, want, rtol=ulps * eps, atol=ulps * eps)
    else:
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("name", list(TABLE))
def test_every_operation_gives_what_eager_gives(name, dtype):
    op, rng = TABLE[name], np.random.default_rng(0)
    for case in op.cases:
        xs = inputs_of(op, case, dtype, rng)
        with np.errstate(all="ignore"):
            want = op(*xs, **case.attrs)
        same(sg.compile(lambda *ys, c=case: op(*ys, **c.attrs), threads=1)(*xs), want)


@pytest.mark.parametrize("name", [n for n, op in TABLE.items() if op.differentiable])
def test_every_derivative_gives_what_eager_gives(name):
    op, rng = TABLE[name], np.random.default_rng(1)
    for case in op.cases[:4]:
        xs = inputs_of(op, case, "f8", rng)
        which = [i for i, x in enumerate(xs) if x.dtype.kind == "f"]

        def weighted(*ys, c=case):
            y = op(*ys, **c.attrs)
            return (y * np.cos(np.arange(y.size, dtype=y.dtype)).reshape(y.shape)).sum()

        f = sg.grad(weighted, tuple(which))
        for got, want in zip(sg.compile(f, threads=1)(*xs), f(*xs)):
            same(got, want, 400)


def network(seed=0):
    rng = np.random.default_rng(seed)
    net = nn.Sequential(nn.Affine(20, 15), nn.Sigmoid(), nn.Affine(15, 9), nn.ReLU(),
                        nn.Affine(9, 5))
    for p in net.parameters():
        p.assign(rng.normal(size=p.shape) * 0.3)
    return net, rng.normal(size=(70, 20)).astype("f4"), rng.integers(0, 5, 70)


RULES = [
    ("SGD", {"lr": 0.1}), ("Momentum", {"lr": 0.1}), ("Adam", {"lr": 0.01}),
    ("RMSprop", {"lr": 0.01}), ("AdaGrad", {"lr": 0.1}), ("Nesterov", {"lr": 0.1}),
]


def step_of(net, opt):
    loss_of = nn.SoftmaxWithLoss()

    def step(x, t):
        opt.zero_grad()
        loss = loss_of(net(x), t)
        loss.backward()
        opt.step()
        return loss

    return step


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize(("rule", "options"), RULES)
def test_training_steps_are_those_of_eager(rule, options, threads):
    losses, values = [], []
    for compiled in (False, True):
        net, x, t = network()
        step = step_of(net, getattr(optim, rule)(net.parameters(), **options))
        if compiled:
            step = sg.compile(step, threads=threads)
        losses.append([step(x[i : i + 10], t[i : i + 10]).item() for i in range(0, 70, 10)])
        values.append([p.value for p in net.parameters()])
    np.testing.assert_allclose(losses[1], losses[0], rtol=2e-5)
    for got, want in zip(values[1], values[0]):
        np.testing.assert_allclose(got, want, rtol=1e-3, atol=2e-5)


@pytest.mark.parametrize("threads", [1, 2])
def test_an_epoch_is_its_steps(threads):
    net, x, t = network()
    step = step_of(net, optim.Adam(net.parameters(), lr=0.01))
    want = [step(a, b).item() for a, b in sg_batches(x, t, 16, seed=3)]
    other, _, _ = network()
    again = sg.compile(step_of(other, optim.Adam(other.parameters(), lr=0.01)), threads=threads)
    seen = []
    got = again.epoch(x, t, batch=16, seed=3, progress=lambda done, part: seen.append(done))
    np.testing.assert_allclose(got, want, rtol=1e-4)
    assert seen[-1] == len(want) == 5
    for p, q in zip(net.parameters(), other.parameters()):
        np.testing.assert_allclose(q.value, p.value, rtol=1e-3, atol=2e-5)


def sg_batches(x, t, size, seed):
    from seegrad.data.sampling import batches

    return batches(x, t, size, seed=seed)


def test_repeated_runs_give_the_same_bits():
    for threads in (1, 2):
        runs = []
        for _ in range(3):
            net, x, t = network()
            step = sg.compile(step_of(net, optim.SGD(net.parameters(), lr=0.1)), threads=threads)
            step.epoch(x, t, batch=10, seed=1)
            runs.append(b"".join(p.value.tobytes() for p in net.parameters()))
        assert len(set(runs)) == 1


# ------------------------------------------------------------------ state


def test_values_that_graphs_and_people_hold_do_not_change():
    w = sg.tensor(np.arange(6.0).reshape(2, 3), name="w")

    @sg.compile(threads=1)
    def step(x):
        w.assign(w - x)
        return w.sum()

    before = w.value
    first = np.array(before)
    step(np.ones((2, 3)))
    np.testing.assert_array_equal(before, first)
    held, graph = w.value, (w * w).sum()
    part = w.value[1:]
    want, want_part = np.array(held), np.array(part)
    step(np.ones((2, 3)))
    np.testing.assert_array_equal(held, want)
    np.testing.assert_array_equal(part, want_part)
    graph.backward()
    np.testing.assert_allclose(w.grad, 2 * want)
    np.testing.assert_array_equal(w.value, want - 1)
    assert not w.value.flags.writeable


def test_what_is_assigned_from_outside_is_read():
    w = sg.tensor(np.ones(3), name="w")
    f = sg.compile(lambda x: (x * w).sum(), threads=1)
    assert f(np.arange(3.0)).item() == 3
    w.assign([10.0, 20.0, 30.0])
    assert f(np.arange(3.0)).item() == 80


def test_gradients_that_a_function_leaves_are_handed_out_and_add_up():
    w = sg.tensor(np.ones(3), name="w")

    @sg.compile(threads=1)
    def back(x):
        loss = (x * w * w).sum()
        loss.backward()
        return loss

    back(np.arange(3.0))
    np.testing.assert_array_equal(w.grad, [0, 2, 4])
    back(np.arange(3.0))
    np.testing.assert_array_equal(w.grad, [0, 4, 8])
    w.grad = None
    back(np.ones(3))
    np.testing.assert_array_equal(w.grad, [2, 2, 2])


def test_old_values_are_used_where_they_are_asked_for():
    a, b = sg.tensor([1.0, 2.0], name="a"), sg.tensor([3.0, 4.0], name="b")

    @sg.compile(threads=1)
    def swap():
        old = a * 1.0
        a.assign(b)
        b.assign(old)
        return a[::-1] * 1.0, old

    first, old = swap()
    assert first.tolist() == [4, 3]
    assert old.tolist() == [1, 2]
    assert (a.tolist(), b.tolist()) == ([3, 4], [1, 2])


# ------------------------------------------------------------------ staleness


def test_what_is_captured_and_changed_is_noticed():
    holder = {"scale": 2.0, "list": [1.0, 2.0]}
    array = np.ones(2)

    class Settings:
        power = 1

    settings = Settings()
    f = sg.compile(
        lambda x: (x * holder["scale"] + sum(holder["list"]) + array) ** settings.power, threads=1
    )
    x = np.array([1.0, 2.0])
    assert f(x).tolist() == [6, 8]
    holder["scale"] = 3.0
    assert f(x).tolist() == [7, 10]
    holder["list"].append(1.0)
    assert f(x).tolist() == [8, 11]
    holder["list"][0] = 0.0
    assert f(x).tolist() == [7, 10]
    array[0] = 5.0
    assert f(x).tolist() == [11, 10]
    settings.power = 2
    assert f(x).tolist() == [121, 100]


@pytest.mark.parametrize("kept", [
    lambda zero: {"number": zero}, lambda zero: {"number": np.float32(zero)},
    lambda zero: {"number": np.array([zero])}, lambda zero: {"number": [zero]},
])  # fmt: skip
def test_a_zero_that_is_captured_may_change_its_sign(kept):
    holder = kept(0.0)

    def f(x):
        number = holder["number"]
        return x / (number[0] if isinstance(number, list) else number)

    f, one = sg.compile(f, threads=1), np.ones(1)
    assert f(one).tolist() == [np.inf]
    holder.update(kept(-0.0))
    assert f(one).tolist() == [-np.inf]
    if isinstance(holder["number"], np.ndarray):
        holder["number"][0] = 0.0
        assert f(one).tolist() == [np.inf]


def test_a_static_zero_has_its_sign():
    f, one = sg.compile(lambda x, zero: x / zero + x / -zero * 0.5, threads=1), np.ones(1)
    g = sg.compile(lambda x, zero: x / zero, threads=1)
    assert g(one, 0.0).tolist() == [np.inf]
    assert g(one, -0.0).tolist() == [-np.inf]
    assert np.isnan(f(one, 0.0).value).all()


@pytest.mark.parametrize("shape", [(), (3,), (1, 3)])
def test_ones_that_are_captured_may_become_others(shape):
    w = sg.tensor(np.ones(shape))
    f = sg.compile(lambda x: x * w.reshape(shape), threads=1)
    x = np.arange(1.0, 4.0)
    np.testing.assert_array_equal(f(x).value, x * np.ones(shape))
    w.assign(np.full(shape, 2.0))
    np.testing.assert_array_equal(f(x).value, 2 * x * np.ones(shape))


def test_the_ones_of_a_derivative_multiply_nothing():
    f = sg.compile(lambda x, v: sg.grad(lambda z: (sg.exp(z) * v).sum())(x), threads=1)
    x, v = np.arange(6.0).reshape(2, 3), np.arange(6.0, 0, -1).reshape(2, 3)
    np.testing.assert_allclose(f(x, v).value, np.exp(x) * v, rtol=1e-15)
    assert "= multiply(input[i, j], exp(input[i, j]))" in f.source


def test_training_mode_is_part_of_the_trace():
    net = nn.Sequential(nn.Dropout(0.5), nn.BatchNorm(3))
    x = np.random.default_rng(0).normal(size=(8, 3)).astype("f4")
    f = sg.compile(lambda y: net(y), threads=1)
    net.eval()
    same(f(x), net(x).value)
    net.train()
    assert not np.allclose(f(x).value, x)


def test_shapes_dtypes_and_static_arguments_have_forms_of_their_own():
    f = sg.compile(lambda x, n: sg.sum(x**n), threads=1)
    assert f(np.array([1.0, 2.0]), 2).item() == 5
    assert f(np.array([1.0, 2.0, 3.0]), 2).item() == 14
    assert f(np.array([1.0, 2.0]), 3).item() == 9
    assert f(np.array([1.0, 2.0], "f4"), 2).dtype == np.float32


# ------------------------------------------------------------------ bad input


def test_branching_on_a_traced_value_names_the_line():
    with pytest.raises(TraceError, match=r"sg\.where"):
        sg.compile(lambda x: x if x.sum() > 0 else -x)(np.ones(3))


def test_a_list_outside_that_grows_is_refused():
    kept = []

    def f(x):
        kept.append(x * 2)
        return x

    with pytest.raises(TraceError, match="lives outside"):
        sg.compile(f)(np.ones(3))


def test_wrong_shapes_say_what_eager_says():
    w = sg.tensor(np.ones((3, 2)), name="W")
    with pytest.raises(ShapeError) as eager:
        sg.matmul(sg.tensor(np.ones((4, 5))), w)
    with pytest.raises(ShapeError) as compiled:
        sg.compile(lambda x: x @ w)(np.ones((4, 5)))
    assert compiled.value.problem == eager.value.problem


def test_indices_out_of_range_are_errors_and_negative_ones_count_from_the_end():
    f = sg.compile(lambda x, i: sg.take(x, i, axis=0) * 1.0, threads=1)
    x = np.arange(12.0).reshape(4, 3)
    same(f(x, np.array([3, 0])), x[[3, 0]])
    same(f(x, np.array([-1, 1])), x[[-1, 1]])
    same(f(x, np.array([3, 0])), x[[3, 0]])
    for bad in ([4, 0], [0, -5], [2**40, 0]):
        with pytest.raises(IndexRangeError, match="out of range"):
            f(x, np.array(bad))
    g = sg.compile(lambda s, t: sg.softmax_cross_entropy(s, t), threads=1)
    with pytest.raises(ValueRangeError, match="label"):
        g(x, np.array([0, 1, 2, 3]))
    with pytest.raises(ValueRangeError, match="label"):
        g(x, np.array([0, 1, 2, -1]))
    net, data, t = network()
    step = sg.compile(step_of(net, optim.SGD(net.parameters(), lr=0.1)), threads=1)
    with pytest.raises(IndexRangeError, match="mini-batch"):
        step.epoch(data, t, batch=2, rows=np.array([[0, 70]]))
    with pytest.raises(ShapeError):
        step.epoch(data, t[:-1], batch=2)


def test_an_interrupt_leaves_whole_steps():
    net, x, t = network()
    step = sg.compile(step_of(net, optim.SGD(net.parameters(), lr=0.1)), threads=1)
    count = []

    def stop(done, part):
        count.append(done)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        step.epoch(x, t, batch=10, shuffle=False, progress=stop)
    other, _, _ = network()
    plain = step_of(other, optim.SGD(other.parameters(), lr=0.1))
    for i in range(count[0]):
        plain(x[10 * i : 10 * i + 10], t[10 * i : 10 * i + 10])
    for p, q in zip(net.parameters(), other.parameters()):
        np.testing.assert_allclose(p.value, q.value, rtol=1e-5, atol=1e-6)


# ------------------------------------------------------------------ transforms, threads, memory


def test_transforms_and_compile_compose():
    f = lambda x: (sg.sin(x) * sg.exp(-x * x)).sum()  # noqa: E731
    x, v = np.linspace(-1, 1, 7), np.linspace(0, 1, 7)
    same(sg.compile(sg.grad(f))(x), sg.grad(f)(x))
    same(sg.compile(lambda y, u: sg.hvp(f, y, u))(x, v), sg.hvp(f, x, v), 200)
    same(sg.grad(sg.compile(f))(x), sg.grad(f)(x))
    same(sg.compile(sg.hessian(f))(x), sg.hessian(f)(x), 200)
    same(sg.compile(sg.grad(sg.checkpoint(f)))(x), sg.grad(f)(x))
    same(sg.compile(lambda y, u: sg.jvp(f, (y,), (u,))[1])(x, v), sg.jvp(f, (x,), (v,))[1], 200)
    same(sg.compile(sg.jacobian(lambda y: sg.tanh(y)))(x), sg.jacobian(sg.tanh)(x), 200)


def test_ten_threads_may_call_one_step():
    f = sg.compile(lambda a, b: sg.tanh(a @ b).sum(axis=0), threads=2)
    rng = np.random.default_rng(0)
    pairs = [(rng.normal(size=(200, 150)), rng.normal(size=(150, 90))) for _ in range(10)]
    want = [np.tanh(a @ b).sum(axis=0) for a, b in pairs]
    wrong = []

    def work(i):
        for _ in range(10):
            if not np.allclose(f(*pairs[i]).value, want[i]):
                wrong.append(i)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(10)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_runs_compiled_code():
    f = sg.compile(lambda a, b: sg.tanh(a @ b), threads=2)
    a, b = np.ones((200, 300)), np.full((300, 200), 0.001)
    want = f(a, b).value
    child = os.fork()
    if child == 0:
        os._exit(0 if np.array_equal(f(a, b).value, want) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert np.array_equal(f(a, b).value, want)


def test_a_compiled_function_goes_when_nobody_holds_it():
    import weakref

    f = sg.compile(lambda x: x * 2, threads=1)
    f(np.ones(3))
    gone = weakref.ref(f.newest.executable)
    del f
    gc.collect()
    assert gone() is None


def test_without_llvmlite_numpy_runs_the_plan(monkeypatch):
    monkeypatch.setattr(target, "available", lambda: False)
    net, x, t = network()
    other, _, _ = network()
    step = sg.compile(step_of(net, optim.SGD(net.parameters(), lr=0.1)))
    plain = step_of(other, optim.SGD(other.parameters(), lr=0.1))
    assert step(x, t).item() == pytest.approx(plain(x, t).item(), rel=1e-6)
    got = step.epoch(x, t, batch=35, shuffle=False)
    want = [plain(x[:35], t[:35]).item(), plain(x[35:], t[35:]).item()]
    np.testing.assert_allclose(got, want, rtol=1e-5)


def test_a_batch_of_one_trains():
    for threads in (1, 2):
        net, x, t = network()
        other, _, _ = network()
        step = sg.compile(step_of(net, optim.SGD(net.parameters(), lr=0.1)), threads=threads)
        plain = step_of(other, optim.SGD(other.parameters(), lr=0.1))
        got = step.epoch(x, t, batch=1, shuffle=False)
        want = [plain(x[i : i + 1], t[i : i + 1]).item() for i in range(len(x))]
        np.testing.assert_allclose(got, want, rtol=1e-4)


def test_a_nan_is_traced_to_its_birth_and_nothing_is_lost():
    w = sg.tensor(np.full(3, 4.0), name="w")

    def step(x):
        loss = sg.log(w).sum() * x.sum()
        w.assign(w - 1.0)
        return loss

    compiled = sg.compile(step, threads=1)
    seen = []
    with pytest.raises(NonFiniteError, match="log") as error:
        compiled.epoch(np.ones((8, 1)), batch=1, finite=True,
                       progress=lambda done, part: seen.append(len(part)))
    assert "sg.log(w)" in str(error.value.line)
    assert sum(seen) == 4
    np.testing.assert_array_equal(w.value, np.zeros(3))
    with sg.debug(), pytest.raises(NonFiniteError, match="log"):
        compiled(np.ones((1, 1)))
    np.testing.assert_array_equal(w.value, np.zeros(3))


def test_what_was_compiled_can_be_seen():
    net, x, t = network()
    step = sg.compile(step_of(net, optim.SGD(net.parameters(), lr=0.1)), threads=2)
    step(x, t)
    before = [p.value.copy() for p in net.parameters()]
    assert "affine1.W" in step.source
    assert "native kernels and 0 calls of NumPy" in step.report
    assert "define" in step.assembly
    profile = step.profile(x, t)
    assert profile.microseconds > 0
    assert {n for line in profile.lines for n in line.nodes} == set(profile.by_node())
    assert "of peak" in str(profile)
    for p, value in zip(net.parameters(), before):
        np.testing.assert_array_equal(p.value, value)
    assert len(step.graph_after("trace")) > 10
    assert step.graph.text().startswith("def graph(")
    assert "goes through NumPy" in reported(lambda y: sg.sort(y))


def reported(f):
    compiled = sg.compile(f)
    compiled(np.ones(3))
    return compiled.report


def test_watching_brings_values_out():
    net, x, t = network()
    other, _, _ = network()
    step = sg.compile(step_of(net, optim.SGD(net.parameters(), lr=0.1)), threads=1)
    step.watch("affine1.out", "affine1.W.grad")
    step(x, t)
    loss = nn.SoftmaxWithLoss()(other(x), t)
    loss.backward()
    first = other.parameters()[0]
    np.testing.assert_allclose(step.watched["affine1.W.grad"], first.grad, rtol=1e-4, atol=1e-6)
    b = other.parameters()[1]
    np.testing.assert_allclose(step.watched["affine1.out"], x @ first.value + b.value, rtol=1e-4,
                               atol=1e-5)
    step.epoch(x, t, batch=35)
    assert step.watched["affine1.out"].shape == (2, 35, 15)
    step.watch("nonsense")
    with pytest.raises(ValueRangeError, match="nonsense"):
        step(x, t)
    step.watch()
    step(x, t)
    assert step.watched == {}


def test_gradients_stay_unless_the_step_uses_them_up():
    net, x, t = network()
    criterion, opt = nn.SoftmaxWithLoss(), optim.SGD(net.parameters(), lr=0.1)

    def backward(x, t):
        opt.zero_grad()
        loss = criterion(net(x), t)
        loss.backward()
        return loss

    backward(x, t)
    eager = [p.grad for p in net.parameters()]
    sg.compile(backward)(x, t)
    for p, g in zip(net.parameters(), eager):
        np.testing.assert_allclose(p.grad, g, rtol=1e-4, atol=1e-6)
    sg.compile(step_of(net, opt))(x, t)
    assert [p.grad for p in net.parameters()] == [None] * len(eager)


def test_many_shapes_do_not_pile_up():
    f = sg.compile(lambda x: (x * x).sum(), threads=1)
    for n in range(1, 91):
        assert f(np.ones(n)).item() == n
    assert len(f.variants) == 64
    assert f(np.ones(1)).item() == 1


@pytest.mark.parametrize(
    ("rows", "error"),
    [
        (np.arange(6), ShapeError),
        (3, ShapeError),
        ([0, 1], ShapeError),
        (np.zeros((2, 3, 1), int), ShapeError),
        (np.array([[0.5, 1.0]]), DTypeError),
        ([[True, False]], DTypeError),
        ([["a"]], DTypeError),
    ],
)
def test_row_numbers_of_an_epoch_are_integers_of_two_axes(rows, error):
    step = sg.compile(lambda x: sg.sum(x))
    with pytest.raises(error, match="given by the numbers of its rows"):
        step.epoch(np.ones((6, 2)), batch=2, rows=rows)


def test_an_index_out_of_range_in_compiled_code_names_the_operation():
    x, bad = np.ones((3, 2)), np.array([0, 5])
    with pytest.raises(IndexRangeError, match="take: index 5 is out of range"):
        sg.compile(lambda x, i: x[i])(x, bad)
