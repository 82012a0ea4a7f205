"""Loops and choices as nodes with a graph inside: scan, while_loop, fori_loop, cond.

A node has one output, a loop has many results: those of one dtype lie one behind the other in a
vector, which is what the node gives, and each is read out of it by a slice and a reshape, which
are views. So a loop has one node for each dtype of its results, and what one backward turn needs
of a forward turn (`Saved`) is a node too; all share one `Program`, which is run, or compiled, once.

`body` is a function as a graph, `packing` where results lie, `programs` what a loop computes and
what it keeps, `operations` the ops with their derivative rules, `control_flow` what people call.
"""
