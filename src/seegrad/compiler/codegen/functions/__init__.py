"""Functions of numbers as instructions: elementary ones on vectors, short floats, random numbers.

Which of them a kernel asks for is said outside.
"""
