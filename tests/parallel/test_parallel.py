"""Several processes under a real mpiexec: same result as one, and what happens when one dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from seegrad.errors import MissingExtraError, ValueRangeError
from seegrad.parallel import launching
from seegrad.parallel.trainer import enough
from seegrad.safetensors_file import load_arrays

try:
    MPIEXEC = launching.launcher()
    import mpi4py  # noqa: F401
except ImportError as absent:
    pytest.skip(f"no MPI here: {absent}", allow_module_level=True)

HERE = Path(__file__).parent
ENVIRONMENT = {
    **os.environ,
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONPATH": os.pathsep.join(sys.path),
}
for name in launching._COUNTS:
    ENVIRONMENT.pop(name, None)


def job(count, what, folder, seconds=120):
    return subprocess.run(
        [MPIEXEC, "-n", str(count), sys.executable, HERE / "job.py", what, folder],
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("what", ["same", "overlap", "stops"])
def test_under_mpiexec(what, count, tmp_path):
    done = job(count, what, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"{i}-of-{count}" for i in range(count)]


def test_a_fault_in_one_process_ends_them_all_and_is_said(tmp_path):
    began = time.monotonic()
    done = job(3, "fails", tmp_path, seconds=60)
    assert time.monotonic() - began < 30
    assert done.returncode != 0
    assert done.stdout.count("heard: mine alone") == 1
    assert not [*tmp_path.iterdir()]


# --------------------------------------------------------------- the command line


def seegrad(*words, cwd, **more):
    return subprocess.Popen(
        [sys.executable, "-m", "seegrad", "train", "--data", "moons", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env=ENVIRONMENT,
        **more,
    )


def finished(process):
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, out + err
    return out


def weights(folder):
    return load_arrays(folder / "net.safetensors")[0]


def test_any_number_of_workers_gives_the_same_also_after_a_resume(tmp_path):
    finished(seegrad("--epochs", "6", "--out", "one", cwd=tmp_path))
    out = finished(seegrad("--epochs", "2", "--out", "many", "--workers", "2", cwd=tmp_path))
    assert out.count("saved in many") == 1, "only the first worker speaks"
    for epochs, workers in (("4", "3"), ("6", "1")):
        words = ("--epochs", epochs, "--out", "many", "--workers", workers, "--resume", "--json")
        found = json.loads(finished(seegrad(*words, cwd=tmp_path)))
        assert found["workers"] == int(workers)
    for name, value in weights(tmp_path / "one").items():
        np.testing.assert_allclose(weights(tmp_path / "many")[name], value, rtol=1e-4, atol=1e-6)


def workers_of(process):
    """The processes that train, found through /proc: those whose launcher counted them."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            environment = (entry / "environ").read_bytes()
        except OSError:
            continue
        mine = (b"PMI_RANK=", f"SEEGRAD_TEST_JOB={process}".encode())
        if b"seegrad" in words and all(mark in environment for mark in mine):
            found.append(int(entry.name))
    return sorted(found)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")
@pytest.mark.parametrize("count", [2, 3])
def test_a_killed_worker_ends_the_job_with_a_message_and_resume_goes_on(count, tmp_path):
    mark = f"{os.getpid()}-{count}"
    words = ("--steps", "1000000", "--save-every", "5", "--out", "run", "--workers")
    ENVIRONMENT["SEEGRAD_TEST_JOB"] = mark
    try:
        process = seegrad(*words, str(count), cwd=tmp_path)
    finally:
        del ENVIRONMENT["SEEGRAD_TEST_JOB"]
    deadline = time.monotonic() + 60
    while not [*tmp_path.glob("run/checkpoints/step-*")] and time.monotonic() < deadline:
        time.sleep(0.05)
    ranks = workers_of(mark)
    assert len(ranks) == count, process.poll()
    os.kill(ranks[-1], signal.SIGKILL)
    began = time.monotonic()
    out, err = process.communicate(timeout=30)
    assert time.monotonic() - began < 10
    assert process.returncode == 1, out + err
    assert "a worker was lost (SIGKILL); the others have been stopped" in err
    assert "--resume --out run" in err
    assert "BAD TERMINATION" not in out + err
    assert not workers_of(mark), "a worker was left behind"
    step = max(int(p.stem[5:]) for p in tmp_path.glob("run/checkpoints/step-*"))
    words = ("--steps", str(step + 3), "--out", "run", "--resume", "--workers", "2", "--json")
    assert json.loads(finished(seegrad(*words, cwd=tmp_path)))["step"] == step + 3


def test_ctrl_c_ends_all_workers_after_the_step(tmp_path):
    words = ("--steps", "1000000", "--out", "run", "--workers", "2")
    process = seegrad(*words, cwd=tmp_path, start_new_session=True)
    deadline = time.monotonic() + 60
    while not [*tmp_path.glob("run/checkpoints/step-*")] and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, out + err
    assert (tmp_path / "run" / "net.safetensors").exists()


def test_bad_requests_are_refused_before_anything_is_started(tmp_path):
    process = seegrad("--workers", "200", cwd=tmp_path)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "more workers than examples" in err
    assert not [*tmp_path.iterdir()]


# --------------------------------------------------------------- without a launcher


def test_a_missing_launcher_says_what_to_install(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(MissingExtraError, match="mpiexec") as caught:
        launching.launcher()
    assert 'pip install "mpi4py>=' in str(caught.value)


@pytest.mark.parametrize(("code", "words"), [
    (0, ""), (2, ""), (130, ""), (9, "SIGKILL"), (139, "SIGSEGV"), (77, "exit code 77"),
])  # fmt: skip
def test_the_verdict_on_a_job(code, words):
    said = launching.verdict(code)
    assert (words in said) if words else (said == "")


def test_what_launchers_leave_in_the_environment():
    assert launching.worker_count({"PMI_SIZE": "3"}) == 3
    assert launching.worker_count({"OMPI_COMM_WORLD_SIZE": "2"}) == 2
    assert launching.worker_count({"SLURM_STEP_NUM_TASKS": "8"}) == 8
    assert launching.worker_count({"PMI_SIZE": "x"}) == 1
    assert launching.launched({"PMI_SIZE": "1"})
    assert not launching.launched({})


def test_fewer_rows_than_workers_are_refused():
    enough(3, 3)
    with pytest.raises(ValueRangeError, match="more workers"):
        enough(2, 3)
