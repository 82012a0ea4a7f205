"""Data to learn from: sets that come with the package, generators, readers, mini-batches.

A table of contents. `tables/` are rows of named columns with texts and gaps among them, and what
is learnt of them. A reader (`csv_file`, `npz_file`, `parquet_file`, `idx`, `dataframe`, `memmap`)
or a generator (`synthetic`, `embedded`) gives a `dataset`; `normalising` and `augmenting` change
its inputs, `sampling` chooses rows, `prefetching` makes batches ahead. Nothing is ever downloaded.
"""

from __future__ import annotations

from seegrad.data.augmenting import Flip, Shift, chain
from seegrad.data.csv_file import csv
from seegrad.data.dataframe import frame
from seegrad.data.dataset import Dataset
from seegrad.data.embedded import digits
from seegrad.data.idx import mnist, read_idx
from seegrad.data.memmap import map_npy, map_npz, mapped
from seegrad.data.normalising import Normaliser
from seegrad.data.npz_file import npz
from seegrad.data.parquet_file import parquet
from seegrad.data.prefetching import Prefetch
from seegrad.data.rows import Rows
from seegrad.data.sampling import batch_rows, batches
from seegrad.data.synthetic import moons, rings, spiral, xor
from seegrad.data.tables import Preparation, Table, as_table, learn, read_table

__all__ = [
    "Dataset",
    "Flip",
    "Normaliser",
    "Prefetch",
    "Preparation",
    "Rows",
    "Shift",
    "Table",
    "as_table",
    "batch_rows",
    "batches",
    "chain",
    "csv",
    "digits",
    "frame",
    "learn",
    "map_npy",
    "map_npz",
    "mapped",
    "mnist",
    "moons",
    "npz",
    "parquet",
    "read_idx",
    "read_table",
    "rings",
    "spiral",
    "xor",
]
