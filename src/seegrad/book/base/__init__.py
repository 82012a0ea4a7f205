"""What the book's modules stand on: a layer that remembers its pass, layers of images, the arrays
of a network by name, a network. The names that a reader imports are one folder above.
"""
