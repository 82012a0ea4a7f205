"""Tensors: the nodes that people hold.

`tensor` is the class and how one is made; its operators, NumPy methods and the ways its numbers
leave are mixed in from `operators`, `numpy_methods` and `array_interface`. `numpy_names` has
what NumPy's functions are called here, `creation` the tensors of zeros, ones and ranges. Nothing
is computed here: every method applies an operation of the table.
"""
