"""The book's switch between CuPy and NumPy. What runs here runs on this processor."""

GPU = False
"""In the book True asks for CuPy; here it changes nothing but what a script itself does with it."""
