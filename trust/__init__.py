"""The figures of trust: each row of the table in TRUST.md is a function here that measures it.

`python -m trust` runs them; a seeded sample of each runs in the tests. `harness/` is what all rows
share; `gradients/`, `formulas/`, `compiled/`, `stress/`, `files/` and `text/` measure, and know the
harness and one another's cases; `table` enters them all.
"""
