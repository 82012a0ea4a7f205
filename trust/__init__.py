"""The figures of trust: each row of the table in TRUST.md is a function here that measures it.

`python -m trust` runs them; a seeded sample of each runs in the tests.
"""
