"""Data to learn from: sets that come with the package, generators, readers, mini-batches.

A table of contents: what each door does stands in its own file. Nothing is ever downloaded.
"""

from __future__ import annotations

from seegrad.data.archive import npz
from seegrad.data.augmenting import Flip, Shift, chain
from seegrad.data.dataset import Dataset
from seegrad.data.embedded import digits
from seegrad.data.frames import frame
from seegrad.data.idx import mnist, read_idx
from seegrad.data.mapped import map_npy, map_npz, mapped
from seegrad.data.normalising import Normaliser
from seegrad.data.parquet import parquet
from seegrad.data.prefetching import Prefetch
from seegrad.data.rows import Rows
from seegrad.data.sampling import batch_rows, batches
from seegrad.data.table import csv
from seegrad.data.toys import moons, spiral, xor

__all__ = [
    "Dataset",
    "Flip",
    "Normaliser",
    "Prefetch",
    "Rows",
    "Shift",
    "batch_rows",
    "batches",
    "chain",
    "csv",
    "digits",
    "frame",
    "map_npy",
    "map_npz",
    "mapped",
    "mnist",
    "moons",
    "npz",
    "parquet",
    "read_idx",
    "spiral",
    "xor",
]
