"""PyTorch's modules as networks of ours, measured against the original.

`export` has torch.export write down what a module does and is the only file that imports torch;
`program` is that as data; `operators` say what each ATen operation means in our ops; `network` is
the Module that runs a program; `verification` measures it; `reading` is what people call.
"""
