"""Training on several processes or machines at once: a table of contents.

Needs mpi4py and an MPI library (the extra `mpi`); only `world.py` knows it.
"""

from __future__ import annotations

from seegrad.parallel.buckets import Exchange
from seegrad.parallel.launching import launch, launched, worker_count
from seegrad.parallel.trainer import ParallelTrainer
from seegrad.parallel.world import World, join

__all__ = ["Exchange", "ParallelTrainer", "World", "join", "launch", "launched", "worker_count"]
