"""Special functions, and what is special about floating-point numbers.

`functions` are the operations by SciPy's names; `series` and `error_function` compute their
numbers. `floating_point` has signs, remainders, NaN and infinities by NumPy's names.
"""
