"""Tensors: the nodes that people hold.

`tensor` is the class and how one is made; its operators, methods and the ways its numbers leave
are mixed in from `operators`, `numpy_methods`, `pytorch` and `array_interface`. `numpy_names`
has what NumPy's functions are called here, `numpy_functions` those put together from several
operations, `creation` the tensors of zeros, ones and ranges; `special` and `random` are the
namespaces of those names. Nothing is computed here: every method applies operations of the table.
"""
