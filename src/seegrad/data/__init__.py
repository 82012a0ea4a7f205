"""Data to learn from: sets that come with the package, generators, readers, mini-batches.

A table of contents. `tables/` are rows of named columns with texts and gaps among them, and what
is learnt of them. A reader (`csv_file`, `npz_file`, `parquet_file`, `idx`, `dataframe`, `memmap`)
or a generator (`synthetic`, `embedded`) gives a `dataset`; `normalising` and `augmenting` change
its inputs, `sampling` chooses rows, `prefetching` makes batches ahead. Nothing is ever downloaded.
"""

from seegrad.data.augmenting import Flip as Flip
from seegrad.data.augmenting import Shift as Shift
from seegrad.data.augmenting import chain as chain
from seegrad.data.csv_file import csv as csv
from seegrad.data.dataframe import frame as frame
from seegrad.data.dataset import Dataset as Dataset
from seegrad.data.embedded import digits as digits
from seegrad.data.idx import mnist as mnist
from seegrad.data.idx import read_idx as read_idx
from seegrad.data.memmap import map_npy as map_npy
from seegrad.data.memmap import map_npz as map_npz
from seegrad.data.memmap import mapped as mapped
from seegrad.data.normalising import Normaliser as Normaliser
from seegrad.data.npz_file import npz as npz
from seegrad.data.parquet_file import parquet as parquet
from seegrad.data.prefetching import Prefetch as Prefetch
from seegrad.data.rows import Rows as Rows
from seegrad.data.sampling import batch_rows as batch_rows
from seegrad.data.sampling import batches as batches
from seegrad.data.synthetic import moons as moons
from seegrad.data.synthetic import rings as rings
from seegrad.data.synthetic import spiral as spiral
from seegrad.data.synthetic import xor as xor
from seegrad.data.tables import Preparation as Preparation
from seegrad.data.tables import Table as Table
from seegrad.data.tables import as_table as as_table
from seegrad.data.tables import learn as learn
from seegrad.data.tables import read_table as read_table
from seegrad.text import public

__all__ = public(globals())
