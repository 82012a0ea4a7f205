"""What takes a function or a graph and gives another: derivatives, a trace, a folded graph.

`tracing` makes a graph of a function, `derivatives` differentiates functions, `gradcheck` compares
derivatives with differences, `folding` opens and closes composites, `debugging` finds where a NaN
was born. The walk that they share is `autodiff`'s; what makes a graph fast is the compiler's.
"""
