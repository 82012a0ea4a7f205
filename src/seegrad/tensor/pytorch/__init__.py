"""The names that PyTorch's readers type: `names` are functions, `methods` and `shapes` a Tensor's
methods. Each says what NumPy's name or an operation says; nothing is computed here.
"""
