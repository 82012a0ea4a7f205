"""Puts `pictures.py` in reach of the tests in the folders below."""
