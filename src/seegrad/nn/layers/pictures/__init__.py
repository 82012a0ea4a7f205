"""Layers that change how large a picture is, or what lies around it; none has weights.

`adaptive` pools to a size that is asked for, `resizing` shows a picture in another size, `padding`
puts something around it. Windows of a given size stand in `layers/pooling` and `convolution`.
"""
