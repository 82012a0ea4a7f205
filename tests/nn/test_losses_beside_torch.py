"""Every loss beside PyTorch's of the same name and settings: values, gradients, compiled; CTC."""

from __future__ import annotations

import numpy as np
import pytest

import seegrad as sg
from seegrad import nn
from seegrad.errors import DTypeError, SeegradError, ShapeError, ValueRangeError
from trust.harness.layer_samples import losses

torch = pytest.importorskip("torch", reason="torch is not installed")

R = np.random.default_rng(5)
CASES = losses(R)
SCORES, (OTHER, _) = CASES["TripletMarginLoss"][1:]
LABELS, TRUTHS, SIDES, SETS = (
    CASES[name][2][0] for name in ("NLLLoss", "BCELoss", "SoftMarginLoss", "MultiLabelMarginLoss")
)
WEIGHT = CASES["NLLLoss"][0]["weight"]
T = torch.tensor


def compared(mine, theirs, x, rest):
    """Value, the derivative by each floating input, and the compiled function."""
    inputs = [x, *rest]
    ours = [sg.tensor(v) if np.asarray(v).dtype.kind == "f" else v for v in inputs]
    given = [T(np.array(v), requires_grad=np.asarray(v).dtype.kind == "f" and v is not SIDES)
             for v in inputs]  # fmt: skip
    out, wanted = mine(*ours), theirs(*given)
    np.testing.assert_allclose(out.value, wanted.detach().numpy(), 1e-9, 1e-10)
    weights = np.random.default_rng(0).normal(size=out.shape)
    (out * weights).sum().backward()
    (wanted * T(weights)).sum().backward()
    for ours_, theirs_ in zip(ours[:2], given[:2]):
        if theirs_.requires_grad and theirs_.grad is not None:
            wanted = theirs_.grad.numpy()
            there = np.isfinite(wanted)  # by counts of 0 PyTorch's Poisson loss has none
            np.testing.assert_allclose(ours_.grad[there], wanted[there], 1e-8, 1e-9)
            assert np.isfinite(ours_.grad).all()
    slope = sg.compile(sg.grad(lambda v: (mine(v, *rest) * weights).sum()))(x)
    np.testing.assert_allclose(np.asarray(slope), given[0].grad.numpy(), 1e-8, 1e-9)


@pytest.mark.filterwarnings("ignore:reduction. 'mean' divides")
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("name", CASES)
def test_values_and_gradients(name, reduction):
    mine, x, rest = CASES[name]
    theirs = {key: T(v) if isinstance(v, np.ndarray) else v for key, v in mine.items()}
    kind = name.split()[0]
    loss = getattr(nn, kind)(**mine, reduction=reduction)
    compared(loss, getattr(torch.nn, kind)(**theirs, reduction=reduction), x, rest)
    assert (reduction == "mean") == ("reduction" not in loss.describe()) or kind == "KLDivLoss"
    loss(x.astype(np.float32), *rest)  # float32 beside float64 targets is no error


@pytest.mark.parametrize("name", ["CosineSimilarity", "PairwiseDistance"])
def test_comparisons(name):
    compared(getattr(nn, name)(), getattr(torch.nn, name)(), SCORES, (OTHER,))
    compared(nn.CosineSimilarity(-1), torch.nn.CosineSimilarity(-1), SCORES[0], (OTHER[0],))
    compared(nn.PairwiseDistance(np.inf, keepdims=True),
             torch.nn.PairwiseDistance(float("inf"), keepdim=True), SCORES, (OTHER,))  # fmt: skip
    zeros = sg.tensor(np.zeros((2, 3)))
    nn.CosineSimilarity()(zeros, np.ones((2, 3))).sum().backward()
    assert np.isfinite(zeros.grad).all()


REDUCTIONS = ["mean", "sum", "none"]


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("kind", ["BCELoss", "weighted"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_what_was_certain_and_wrong_costs_100_and_is_corrected(kind, reduction, dtype):
    x = np.array([0.0, 1.0, 1e-30, 1.0, 0.25, 0.5], dtype)
    t = np.array([1.0, 0.0, 1.0, 1.0, 0.5, 0.0], dtype)
    weight = np.linspace(1.0, 2.0, 6).astype(dtype) if kind == "weighted" else None
    mine = nn.BCELoss(weight=weight, reduction=reduction)
    there = torch.nn.BCELoss(None if weight is None else T(weight), reduction=reduction)
    ours, theirs = sg.tensor(x), T(x, requires_grad=True)
    out, wanted = mine(ours, t), there(theirs, T(t))
    np.testing.assert_allclose(out.value, wanted.detach().numpy(), 1e-6)
    out.sum().backward()
    wanted.sum().backward()
    slopes = theirs.grad.numpy()
    slopes[3] = -1.0 / (6 if reduction == "mean" else 1) * (1 if weight is None else weight[3])
    np.testing.assert_allclose(ours.grad, slopes, 1e-6)     # of a right 1 it is −t/x, not 0
    compiled = sg.compile(sg.grad(lambda x: mine(x, t).sum()))(x)
    np.testing.assert_allclose(np.asarray(compiled), slopes, 1e-6)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_smooth_l1_without_a_corner_is_l1(reduction):
    x, t = SCORES, OTHER
    mine = nn.SmoothL1Loss(beta=0.0, reduction=reduction)
    compared(mine, torch.nn.SmoothL1Loss(beta=0.0, reduction=reduction), x, (t,))
    for refused in (lambda: nn.SmoothL1Loss(beta=-1.0, reduction=reduction),
                    lambda: nn.HuberLoss(delta=0.0, reduction=reduction),
                    lambda: nn.HuberLoss(delta=np.nan, reduction=reduction)):  # fmt: skip
        with pytest.raises(ValueRangeError):
            refused()


# ------------------------------------------------------------- CTC

LONG = R.normal(size=(11, 4, 5))
WORDS = np.array([[1, 2, 2, 0], [3, 3, 3, 3], [4, 0, 0, 0], [1, 2, 3, 4]])
COUNT = np.array([3, 4, 1, 4])
POSITIONS = np.array([11, 9, 5, 6])


def theirs_of(scores, words, positions, counts, **settings):
    return torch.nn.CTCLoss(**settings)(
        torch.log_softmax(scores, 2), T(words), T(positions), T(counts)
    )


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_ctc(reduction):
    def mine(scores):
        logs = sg.log_softmax(scores, axis=2)
        return nn.CTCLoss(reduction=reduction)(logs, WORDS, POSITIONS, COUNT)

    compared(mine, lambda s: theirs_of(s, WORDS, POSITIONS, COUNT, reduction=reduction), LONG, ())


def test_ctc_of_other_forms():
    full, many = np.full(4, 11), np.full(4, 4)
    words = np.where(WORDS == 4, 0, WORDS)
    flat = np.concatenate([row[:n] for row, n in zip(WORDS, COUNT)])
    logs = np.log(R.dirichlet(np.ones(5), (11, 4)))
    wanted = torch.nn.CTCLoss(blank=4)(T(logs), T(words), T(full), T(many))
    np.testing.assert_allclose(nn.CTCLoss(blank=4)(logs, words), wanted, 1e-10)
    wanted = torch.nn.CTCLoss()(T(logs), T(flat), T(full), T(COUNT))
    np.testing.assert_allclose(nn.CTCLoss()(logs, flat, full, COUNT), wanted, 1e-10)
    step = sg.compile(lambda x, t, n, m: nn.CTCLoss()(x, t, n, m))  # labels as arguments
    wanted = torch.nn.CTCLoss()(T(logs), T(WORDS), T(POSITIONS), T(COUNT))
    np.testing.assert_allclose(step(logs, WORDS, POSITIONS, COUNT), wanted, 1e-10)
    one = np.log(R.dirichlet(np.ones(5), (1, 2)))
    wanted = torch.nn.CTCLoss(reduction="none")(T(one), T([[1], [2]]), T([1, 1]), T([1, 1]))
    np.testing.assert_allclose(
        nn.CTCLoss(reduction="none")(one, np.array([[1], [2]])), wanted, 1e-10
    )
    nothing = nn.CTCLoss(reduction="none")(logs, np.zeros((4, 0), int))
    np.testing.assert_allclose(nothing, -logs[:, :, 0].sum(axis=0), 1e-10)


def test_ctc_where_labels_do_not_fit():
    logs = sg.tensor(np.log(np.full((3, 2, 4), 0.25)))
    words, counts = np.array([[1, 1, 1], [1, 2, 3]]), np.array([3, 3])
    costs = nn.CTCLoss(reduction="none")(logs, words, np.array([3, 3]), counts)
    assert np.isinf(costs.value[0])
    assert np.isfinite(costs.value[1])
    spared = nn.CTCLoss(reduction="sum", zero_infinity=True)(logs, words, None, counts)
    spared.backward()
    np.testing.assert_allclose(spared.value, costs.value[1])
    assert not logs.grad[:, 0].any()
    assert logs.grad[:, 1].any()
    certain = np.array([[[0.0, -np.inf]], [[-np.inf, 0.0]]])
    assert nn.CTCLoss()(certain, np.array([[1]])) == 0


REFUSED = {
    "a margin's side": (lambda: nn.SoftMarginLoss()(SCORES, TRUTHS), ValueRangeError, "1 or −1"),
    "another shape": (lambda: nn.MarginRankingLoss()(SCORES, OTHER[:1], SIDES), ShapeError, "one"),
    "a power": (lambda: nn.MultiMarginLoss(p=3), ValueRangeError, "1, 2"),
    "no classes": (lambda: nn.MultiLabelMarginLoss()(SCORES, TRUTHS), DTypeError, "integers"),
    "a class too far": (
        lambda: nn.MultiLabelMarginLoss()(SCORES, SETS + 1), ValueRangeError, "from 0 to"),
    "a reduction": (lambda: nn.MSELoss(reduction="average"), ValueRangeError, "mean, sum, none"),
    "variances": (lambda: nn.GaussianNLLLoss()(SCORES, OTHER, WEIGHT), ShapeError, "variance"),
    "weights": (lambda: nn.NLLLoss(WEIGHT[:2])(SCORES, LABELS), ShapeError, "weight"),
    "scores only": (lambda: nn.BCELoss(pos_weight=WEIGHT), ValueRangeError, "scores"),
    "ctc scores": (lambda: nn.CTCLoss()(SCORES, WORDS), ShapeError, "T, N, C"),
    "ctc labels": (lambda: nn.CTCLoss()(LONG, WORDS * 1.0), DTypeError, "integers"),
    "ctc blank": (lambda: nn.CTCLoss(7)(LONG, WORDS), ValueRangeError, "blank"),
    "ctc blank as a label": (lambda: nn.CTCLoss()(LONG, WORDS), ValueRangeError, "≠ 0"),
    "ctc too long": (
        lambda: nn.CTCLoss()(LONG, WORDS, POSITIONS + 9, COUNT), ValueRangeError, "to 11"),
    "ctc flat": (lambda: nn.CTCLoss()(LONG, WORDS[0]), ShapeError, "how many"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_is_said(name):
    call, kind, words = REFUSED[name]
    with pytest.raises(kind, match=words) as caught:
        call()
    assert isinstance(caught.value, SeegradError)


@pytest.mark.parametrize("weight", [None, np.array([1.0, 2.0, 0.5])], ids=["plain", "weighted"])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("every", [False, True], ids=["some ignored", "all ignored"])
def test_rows_that_are_ignored_count_nothing_whatever_stands_in_them(
    weight, smoothing, reduction, every
):
    x, t = np.random.default_rng(0).normal(size=(4, 3)), np.array([0, 1, 2, 1])
    t[:] = 1 if every else t
    settings = {"ignore_index": 1, "reduction": reduction}
    for mine, theirs in (
        (nn.CrossEntropyLoss(weight, label_smoothing=smoothing, **settings),
         torch.nn.CrossEntropyLoss(weight if weight is None else T(weight),
                                   label_smoothing=smoothing, **settings)),
        (nn.NLLLoss(weight, **settings),
         torch.nn.NLLLoss(weight if weight is None else T(weight), **settings)),
    ):  # fmt: skip
        for odd in (0.0, -np.inf):
            x[1, 0] = x[3, 1] = odd
            given = T(x, requires_grad=True)
            wanted = theirs(given, T(t)).sum()
            wanted.backward()
            f = sg.value_and_grad(lambda x, loss=mine: loss(x, t).sum())
            for road in (f, sg.compile(f)):
                with np.errstate(all="ignore"):
                    value, slope = road(x)
                np.testing.assert_allclose(value, wanted.detach(), rtol=1e-12)
                np.testing.assert_allclose(np.asarray(slope), given.grad, rtol=1e-9, atol=1e-12)
