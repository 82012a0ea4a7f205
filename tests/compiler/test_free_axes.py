"""Free axes: what is filled up gives what the call gives as it is, by few programs, or refuses."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import seegrad as sg
from seegrad import nn, optim
from seegrad.compiler.free_axes import Bucket, FreeAxisWarning
from seegrad.compiler.recompiling import RecompileWarning
from seegrad.errors import CallError, ShapeError, ValueRangeError
from seegrad.transforms.free_axes.axes import Axis, axis, regrouped, unified
from seegrad.transforms.free_axes.fitting import Fitting

CHANCE = np.random.default_rng(0)
MASK = np.triu(np.ones((64, 64), bool), 1)
NAMES = CHANCE.standard_normal((64, 3))


def programs(compiled):
    """How many were compiled."""
    return len({id(v.executable) for v in compiled.variants})


def drawn(*shape):
    return CHANCE.standard_normal(shape)


def compared(function, *calls, free, lengths=(8, 16), most=2, tolerance=1e-12):
    """The function, compiled with free axes, beside itself in eager code."""
    run = sg.compile(function, threads=1, free=free, lengths=lengths)
    for args in calls:
        found, wanted = run(*args), function(*args)
        many = isinstance(found, tuple)
        for a, b in zip(found if many else [found], wanted if many else [wanted]):
            b = np.asarray(b.value if isinstance(b, sg.Tensor) else b)
            assert a.shape == b.shape
            np.testing.assert_allclose(a.value, b, rtol=tolerance, atol=tolerance)
    assert programs(run) <= most
    return run


def along(x):
    """What reads, cuts, turns, joins, sums and sorts along an axis."""
    last = x[-1] + x[0]
    steps = x[1:] - x[:-1]
    return (
        last, steps, x[::-1] * x, sg.concatenate([x, x[2:], last[None]], axis=0), x[-3:],
        x.reshape(-1) * 2, (x + NAMES[: x.shape[0]]).mean(), sg.log(abs(x)).sum(axis=0),
        sg.softmax(x, axis=0), x.max(axis=0), x.min(), sg.prod(x, axis=0), x.argmax(axis=0),
        sg.cumsum(x, axis=0), sg.std(x, axis=0), sg.pad(x, widths=((1, 2), (0, 0)), value=1.0),
    )  # fmt: skip


def products(x):
    scores = sg.where(MASK[: x.shape[0], : x.shape[0]], -np.inf, x @ x.T / np.sqrt(x.shape[0]))
    return scores.max(), sg.softmax(scores, axis=-1) @ x, sg.einsum("td,te->de", x, x), x.T @ x


@pytest.mark.parametrize("function", [along, products])
def test_results_are_those_of_the_call_as_it_is(function):
    compared(function, *([drawn(n, 3)] for n in (5, 8, 7, 16, 4, 12)), free={"x": 0})


def test_derivatives_of_any_order_are_too():
    def loss(x):
        mixed = sg.softmax(x @ x.T, axis=-1) @ x
        return mixed.std() + (x[-1] * x[1:].mean(axis=0)).sum() + (x[::-1] * x).max()

    def both(x):
        return sg.grad(loss)(x), sg.grad(lambda y: (sg.grad(loss)(y) ** 2).sum())(x)

    compared(both, *([drawn(n, 3)] for n in (5, 7)), free={"x": 0}, most=1, tolerance=1e-9)


STEPS = [
    lambda x: sg.tanh(x) * 2 - x.mean(), lambda x: x - x.max(axis=0), lambda x: x / (1 + x.std()),
    lambda x: sg.softmax(x, axis=0), lambda x: x[::-1], lambda x: x @ (x.T @ x) / x.shape[0],
    lambda x: sg.cumsum(x, axis=0), lambda x: x * sg.arange(x.shape[0])[:, None],
    lambda x: sg.concatenate([x[1:], x[:1]], axis=0),
    lambda x: (x.reshape(-1) * 3).reshape(x.shape),
    lambda x: x.T.reshape(-1)[: x.shape[0]][:, None] + x, lambda x: sg.log(x * x + x.mean() ** 2),
]  # fmt: skip


@settings(max_examples=3, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(STEPS), min_size=2, max_size=5), st.integers(2, 7))
def test_random_programs_give_what_eager_code_gives(steps, length):
    def function(x):
        for step in steps:
            x = step(x)
        return x, sg.grad(lambda y: sg.sin(steps[-1](y)).sum())(x)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FreeAxisWarning)     # refused: as good as equal
        compared(function, [drawn(length, 3)], [drawn(8, 3)], free={"x": 0}, most=3,
                 tolerance=1e-7)  # fmt: skip


def trained(make, loss, batches, rule=optim.SGD, **how):
    """Losses and parameters after a step on each batch."""
    nn.seed(0)
    net = make()
    optimizer = rule(net.parameters(), lr=0.1)

    def step(x, t=None):
        optimizer.zero_grad()
        value = loss(net, x, t)
        value.backward()
        optimizer.step()
        return value

    run = sg.compile(step, threads=1, **how) if how else step
    losses = [run(*batch).item() for batch in batches]
    return np.array([*losses, *(p.value.sum() for p in net.parameters())]), run


def same_training(make, loss, batches, most, **how):
    ours, run = trained(make, loss, batches, **how)
    theirs, _ = trained(make, loss, batches)
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)
    assert programs(run) == most


def single(*shape):
    return drawn(*shape).astype(np.float32)


class Reader(nn.Module):
    """Words and places looked up, attention to what came before, and what follows."""

    def __init__(self):
        super().__init__()
        self.words, self.places = nn.Embedding(11, 8), nn.Embedding(16, 8)
        self.mixed, self.norm = nn.MultiHeadAttention(8, 2, causal=True), nn.LayerNorm(8)
        self.drop, self.last = nn.Dropout(0.2), nn.Affine(8, 11)

    def forward(self, t):
        x = self.drop(self.words(t) + self.places(np.arange(t.shape[1])))
        return self.last(self.norm(x + self.mixed(x)))


def following(net, t, _):
    scores = net(t[:, :-1])
    return sg.softmax_cross_entropy(scores.reshape(-1, 11), t[:, 1:].reshape(-1))


def test_a_transformer_reads_sentences_of_any_length_and_any_number_of_them():
    sentences = [[CHANCE.integers(0, 11, (b, n))] for b, n in ((3, 9), (5, 16), (8, 10), (2, 12))]
    same_training(Reader, following, sentences, 1, free={"x": (0, 1)}, lengths=(8, 16))


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU])
def test_recurrent_layers_read_sequences_of_any_length(kind):
    def loss(net, x, _):
        return (net(x) ** 2).mean()

    batches = [[single(4, n, 3)] for n in (11, 16, 9)]
    same_training(lambda: nn.Sequential(kind(3, 8), nn.Affine(8, 2)), loss, batches, 1,
                  free={"x": 1}, lengths=(16,))  # fmt: skip


def test_the_last_smaller_batch_of_an_epoch_needs_no_program_of_its_own():
    x, t = single(50, 6), CHANCE.integers(0, 3, 50)
    losses = []
    for how in ({}, {"free": {"x": 0, "t": 0}, "lengths": (16,)}):
        nn.seed(0)
        net = nn.Sequential(nn.Affine(6, 8), nn.BatchNorm(8), nn.Dropout(0.2), nn.Affine(8, 3))
        _, run = trained(lambda net=net: net,
                         lambda net, x, t: sg.softmax_cross_entropy(net(x), t), [], **how)
        run = run if how else sg.compile(run)
        losses.append(run.epoch(x, t, batch=16))
    np.testing.assert_allclose(*losses, rtol=1e-4)
    assert programs(run) == 1


def test_a_mask_that_is_left_out_is_seen(monkeypatch):
    monkeypatch.setattr(Fitting, "masked", lambda self, x, places, value, key: x)
    with pytest.raises(AssertionError):
        compared(lambda x: sg.exp(x).sum(), [drawn(5)], free={"x": 0})
    with pytest.raises(AssertionError):
        compared(lambda x: (x - 1).max() + (x + 1) @ (x + 1), [drawn(5) - 9], free={"x": 0})


def test_one_value_all_along_an_axis_lies_wherever_what_is_beside_it_does():
    def function(x):                                     # (3, n): what counts is no beginning
        flat, ones = x.reshape(-1), sg.sum(x) * np.ones(x.size)
        row = sg.broadcast_to(x[0, 0], shape=x.shape[1:])
        return flat @ ones, sg.einsum("i,i->", flat, ones), sg.cumsum(row, axis=0)[-2:], row[-2:]

    compared(function, [drawn(3, 5)], [drawn(3, 7)], free={"x": 1}, lengths=(8,), most=1)


def test_whole_numbers_may_be_divided_beside_what_counts():
    def function(a, b):
        return a // b, a % b

    a, b = CHANCE.integers(1, 9, (2, 5))
    compared(function, [a, b], free={"a": 0, "b": 0}, lengths=(8,), most=1)


def test_labels_and_indices_may_be_computed():
    def function(t):
        return sg.one_hot(t % 3 + 1, classes=5), sg.take(NAMES, t * 2, axis=0)

    compared(function, *([CHANCE.integers(0, 9, n)] for n in (5, 8, 4)), free={"t": 0}, most=1)


def test_what_cannot_be_filled_up_is_compiled_as_it_is_and_said_once():
    run = sg.compile(lambda x: sg.sort(x, axis=0), threads=1, free={"x": 0}, lengths=(8,))
    x = drawn(5, 2)
    with pytest.warns(FreeAxisWarning, match=r"sort(.|\n)*test_free_axes.py"):
        run(x)
    for n in (5, 8, 7):
        x = drawn(n, 2)
        np.testing.assert_array_equal(run(x).value, np.sort(x, axis=0))


def test_code_that_does_something_else_at_another_length_is_followed():
    run = sg.compile(lambda x: x.sum() if x.shape[0] < 6 else x.mean(), threads=1,
                     free={"x": 0}, lengths=(8,))  # fmt: skip
    run(drawn(7))
    with pytest.warns(FreeAxisWarning, match="something else"):
        run(drawn(3))
    for n in (7, 3, 5, 8):
        x = drawn(n)
        np.testing.assert_allclose(run(x).item(), x.sum() if n < 6 else x.mean())


def test_gradients_of_arguments_and_results_outside_have_the_length_of_the_call():
    weight = sg.tensor(drawn(3), requires_grad=True)
    run = sg.compile(lambda x: (x @ weight) ** 2, threads=1, free={"x": 0}, lengths=(8,))
    for n in (5, 7):
        x = sg.tensor(drawn(n, 3), requires_grad=True)
        weight.grad = None
        run(x).sum().backward()
        residual = 2 * (x.value @ weight.value)
        np.testing.assert_allclose(np.asarray(x.grad), residual[:, None] * weight.value)
        np.testing.assert_allclose(np.asarray(weight.grad), residual @ x.value)


def test_longer_than_all_lengths_is_compiled_as_it_is():
    run = compared(lambda x: x.sum(), [drawn(20)], [drawn(5)], free={"x": 0}, lengths=(8,))
    assert sum(isinstance(v, Bucket) for v in run.variants) == 1


@pytest.mark.parametrize(("options", "error"), [
    ({"free": {"y": 0}}, CallError), ({"free": 0}, CallError), ({"lengths": (8,)}, CallError),
    ({"free": {"x": "first"}}, ValueRangeError), ({"free": {"x": ()}}, ValueRangeError),
    ({"free": {"x": 0}, "lengths": (0,)}, ValueRangeError),
    ({"free": {"x": 0}, "lengths": 8}, ValueRangeError),
])  # fmt: skip
def test_what_is_no_free_axis_is_an_error(options, error):
    with pytest.raises(error):
        sg.compile(lambda x: x, **options)


def test_an_array_without_the_axis_is_an_error():
    with pytest.raises(ShapeError, match="x has no axis 2"):
        sg.compile(lambda x: x, free={"x": 2})(drawn(3, 3))


# --------------------------------------------------------------- numbers


def test_numbers_that_only_enter_arithmetic_are_inputs():
    def function(x, rate, step):
        return (x * rate + step).sum() * (1 - rate), x * (step % 3)

    run, x = sg.compile(function, threads=1), single(4)
    for step in range(6):
        found, wanted = run(x, 0.1 / (step + 1), step), function(x, 0.1 / (step + 1), step)
        for a, b in zip(found, wanted):
            assert a.dtype == b.dtype
            np.testing.assert_allclose(a.value, b, rtol=1e-6)
    assert programs(run) == 2


def test_numbers_that_decide_stay_part_of_the_program():
    run = sg.compile(lambda x, n: x.reshape(n, -1) ** n if n > 1 else -x, threads=1)
    x = drawn(12)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RecompileWarning)
        for n in (1, 2, 3, 4, 2, 6):
            wanted = x.reshape(n, -1) ** n if n > 1 else -x
            np.testing.assert_allclose(run(x, n).value, wanted)


# --------------------------------------------------------------- axes


def test_axes_say_where_elements_lie():
    both = regrouped((axis(2, 2), axis(3, 5)), (6,), (10,))
    assert both == (Axis(((2, 2), (3, 5))),)
    assert both[0].places().tolist() == [0, 1, 2, 5, 6, 7]
    assert regrouped(both, (2, 3), (2, 5)) == (axis(2, 2), axis(3, 5))
    assert regrouped((axis(3, 5), axis(4, 4)), (6, 2), (10, 2)) == (axis(6, 10), axis(2, 2))
    assert regrouped((axis(6, 8),), (2, 3), (2, 4)) is None          # every second row moves
    one = regrouped((axis(3, 5, same=True), axis(4, 4)), (12,), (20,))
    assert one == (axis(12, 20),)
    assert unified(axis(6, 10), both[0]) is None
    assert unified(axis(6, 10, same=True), both[0]) == both[0]
