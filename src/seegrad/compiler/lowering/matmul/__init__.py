"""Products among the nodes → kernels of the product form.

`matmul` writes one down with what is done to its ends; `windowed` is a product whose factor slides
over an array, as in a convolution; `collapse_batch` makes of a batch with one second factor one
product. How products are cut into tiles is decided in `scheduling`.
"""
