"""Axes of any length: a graph for a full length that also gives what shorter ones give.

`axes` says how the elements of an axis lie within a longer one; `fitting` compares the graph of a
call with that of the full length, node by node, and makes one that serves both; `rules` has a rule
for each form, `loops` that of a scan. What is compiled, and when, is not known here.
"""
