"""The volume's data: spirals that are made here, and readers of files that are there already.

Nothing is ever downloaded. Files are looked for in the folder that SEEGRAD_BOOK2 names, or in
`dataset`, `../dataset`, `data` and here.
"""

from seegrad.book2.dataset import ptb, sequence, spiral

__all__ = ["ptb", "sequence", "spiral"]
