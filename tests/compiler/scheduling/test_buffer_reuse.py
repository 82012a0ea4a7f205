"""Memory of temporary values: shared by those that are never needed at once, and by no others."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import seegrad as sg
from seegrad import nn, optim
from seegrad.compiler import target
from seegrad.compiler.ir import alignment
from seegrad.compiler.ir.buffer import Buffer
from seegrad.compiler.ir.expression import Literal, Load
from seegrad.compiler.ir.kernel import LoopNest, Store
from seegrad.compiler.runtime import executable
from seegrad.compiler.scheduling import buffer_reuse
from seegrad.compiler.scheduling.schedule import Schedule
from seegrad.compiler.scheduling.task import Task

FLOAT = np.dtype(np.float32)


def _buffer(size, name=""):
    return Buffer(name, (size,), FLOAT, "temporary")


def _kernel(write, read=None):
    value = Literal(0.0, FLOAT) if read is None else Load(read.view())
    return LoopNest("", write.shape, [Store(write.view(), value)])


def _tasks(kernels, meet):
    return [Task(k, None, (), barrier=b) for k, b in zip(kernels, meet)]


SPANS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4)), min_size=1, max_size=2)


@given(st.lists(st.tuples(st.integers(0, 5000), SPANS), max_size=30), st.sampled_from([0, 5, 500]))
def test_what_is_needed_at_once_lies_apart(wanted, first):
    """For those that are each compared with all others, and for those that are not."""
    moments = {
        _buffer(size): tuple((a, a + more) for a, more in sorted(spans)) for size, spans in wanted
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(buffer_reuse, "FIRST", first)
        offsets, room = buffer_reuse.placed(moments, 0)
    assert offsets.keys() == moments.keys()
    for a, start in offsets.items():
        assert start % alignment.LINE == 0
        assert start + a.nbytes <= room
        for b, other in offsets.items():
            if a is not b and buffer_reuse.at_once(moments[a], moments[b]):
                assert start + a.nbytes <= other or other + b.nbytes <= start
    most = sum(-(-max(b.nbytes, 1) // alignment.LINE) * alignment.LINE for b in moments)
    assert room <= most + alignment.PAGE


def test_a_chain_takes_the_memory_of_two_values():
    a, b, c, d = (_buffer(1 << 18) for _ in range(4))
    kernels = [_kernel(a), _kernel(b, a), _kernel(c, b), _kernel(d, c)]
    alone = Schedule(_tasks(kernels, [False] * 4), 1, False)
    _, room = buffer_reuse.placed(buffer_reuse.needed([alone]))
    assert room == 2 * a.nbytes
    together = Schedule(_tasks(kernels, [False] * 4), 2, True)
    _, room = buffer_reuse.placed(buffer_reuse.needed([together]))
    assert room == 4 * a.nbytes                # nobody knows which of them comes first
    met = Schedule(_tasks(kernels, [False, True, True, True]), 2, True)
    _, room = buffer_reuse.placed(buffer_reuse.needed([met]))
    assert room == 2 * a.nbytes


def test_the_end_of_a_step_may_meet_the_start_of_the_next():
    a, b, c = (_buffer(1 << 18) for _ in range(3))
    tasks = _tasks([_kernel(a), _kernel(b, a), _kernel(c, b)], [False, True, True])
    tasks.append(Task(_kernel(b, c), None, (), barrier=True))
    for closing, apart in ((True, False), (False, True)):
        needed = buffer_reuse.needed([Schedule(tasks, 2, closing)])
        assert buffer_reuse.at_once(needed[a], needed[c]) is apart


def test_what_is_computed_once_is_needed_always():
    a, b = _buffer(10), _buffer(10)
    schedule = Schedule(_tasks([_kernel(b, a)], [False]), 1, False)
    schedule.prologue = _tasks([_kernel(a)], [False])
    needed = buffer_reuse.needed([schedule, _kernel(b)])
    assert needed[a] == buffer_reuse.ALWAYS
    assert needed[b] == ((0, 1),)


def test_small_programs_share_nothing():
    moments = {_buffer(100): ((0, 0),), _buffer(50): ((1, 1),)}
    offsets, _ = buffer_reuse.placed(moments)
    assert sorted(offsets.values()) == [0, 448]


def _network():
    """A deep network's step of training, and the data."""
    chance = np.random.default_rng(0)
    x, t = chance.random((256, 20), np.float32), chance.integers(0, 3, 256)
    nn.seed(0)
    layers = [layer for _ in range(6) for layer in (nn.Affine(20, 20), nn.Tanh())]
    net = nn.Sequential(*layers, nn.Affine(20, 3))
    rule, loss_of = optim.Adam(net.parameters(), lr=1e-2), nn.SoftmaxWithLoss()

    def step(x, t):
        rule.zero_grad()
        loss = loss_of(net(x), t)
        loss.backward()
        rule.step()
        return loss

    return step, x, t


@pytest.mark.skipif(not target.available(), reason="llvmlite is not installed")
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_a_deep_network_learns_the_same_in_shared_memory(threads, monkeypatch):
    monkeypatch.setattr(executable, "POISON", True)
    order = np.stack([np.random.default_rng(i).permutation(256)[:64] for i in range(12)])
    step, x, t = _network()
    want = [float(step(x[rows], t[rows]).value) for rows in order]
    run, x, t = _network()
    run = sg.compile(run, threads=threads)
    got = run.epoch(x, t, batch=64, rows=order)
    np.testing.assert_allclose(np.asarray(got), want, rtol=1e-4)
    step, x, t = _network()
    once = sg.compile(step, threads=threads)
    for rows, loss in zip(order, want):
        np.testing.assert_allclose(float(once(x[rows], t[rows]).value), loss, rtol=1e-4)
    made = once.newest.executable
    values = sum(b.nbytes for b in made.lowered.buffers if b.role == "temporary")
    assert made.temporary.nbytes < (0.8 if threads == 1 else 1.01) * values
    assert f"{made.temporary.nbytes / 1e3:.1f} kB of temporary memory for" in once.report
