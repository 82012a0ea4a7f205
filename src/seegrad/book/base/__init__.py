"""What the book's modules stand on: strict arrays, a layer that remembers its pass, the arrays of a
network by name, a network. The names that a reader imports are one folder above.
"""
