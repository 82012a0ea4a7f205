"""The processes that train together: who they are, sums over all of them, one telling the others.

The one file that imports mpi4py. Texts travel as UTF-8 bytes and numbers as buffers; nothing is
ever pickled.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.errors import MissingExtraError
from seegrad.i18n import tr

Array = NDArray[Any]
_PATIENCE = 2.0
"""How long another process waits, in seconds, for the first one to say what is wrong."""


@dataclass(frozen=True)
class World:
    """All processes of a job. `rank` is this one's number, from 0 to `size` − 1."""

    mpi: Any
    rank: int
    size: int

    @property
    def leads(self) -> bool:
        """Is this the one that writes files and speaks?"""
        return self.rank == 0

    def start_sum(self, values: Array) -> Any:
        """Begin to sum `values` over all, in place; returns what to wait for."""
        return self.mpi.COMM_WORLD.Iallreduce(self.mpi.IN_PLACE, values)

    def wait(self, requests: list[Any]) -> None:
        """Until all of these sums are there."""
        self.mpi.Request.Waitall(requests)

    def push(self, request: Any) -> None:
        """Let a sum that was begun go on, without waiting."""
        request.Test()

    def sum(self, values: Any) -> Array:
        """The sum over all, as float64."""
        total = np.array(values, np.float64, ndmin=1)
        self.mpi.COMM_WORLD.Allreduce(self.mpi.IN_PLACE, total)
        return total

    def tell(self, text: str, speaker: int = 0) -> str:
        """The speaker's text, at everyone's."""
        raw = text.encode("utf-8") if self.rank == speaker else b""
        size = np.array([len(raw)], np.int64)
        self.mpi.COMM_WORLD.Bcast(size, speaker)
        buffer = np.frombuffer(raw, np.uint8).copy() if raw else np.zeros(int(size[0]), np.uint8)
        self.mpi.COMM_WORLD.Bcast(buffer, speaker)
        return buffer.tobytes().decode("utf-8")

    def share(self, values: Array, speaker: int = 0) -> None:
        """Overwrite `values` with the speaker's."""
        self.mpi.COMM_WORLD.Bcast(values, speaker)

    def meet(self) -> None:
        """Until all are here."""
        self.mpi.COMM_WORLD.Barrier()

    @contextmanager
    def guarded(self, speak: Any) -> Iterator[None]:
        """End the whole job when this process fails, so that no other waits for it for ever.

        speak: told of the error, by the first process if it fails too.
        """
        try:
            yield
        except BaseException as error:
            if isinstance(error, SystemExit) and not error.code:
                raise
            if not self.leads:
                time.sleep(_PATIENCE)
            code = speak(error)
            sys.stdout.flush()
            sys.stderr.flush()
            self.mpi.COMM_WORLD.Abort(code)


def join() -> World:
    """The job that this process is part of; a job of one when nobody started more.

    Raises MissingExtraError when mpi4py, or an MPI library for it, is not there.
    """
    try:
        from mpi4py import MPI
    except (ImportError, RuntimeError) as fault:
        raise MissingExtraError(
            tr("training on several processes needs mpi4py and an MPI library"),
            asked="mpi4py, mpich",
            came=str(fault)[:120] or type(fault).__name__,
            hint='pip install "mpi4py>=4.0" "mpich>=4.2"',
        ) from None
    communicator = MPI.COMM_WORLD
    return World(MPI, communicator.Get_rank(), communicator.Get_size())
