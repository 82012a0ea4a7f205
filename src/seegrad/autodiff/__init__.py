"""The chain rule over a graph, below the tensors that people hold.

`backward` begins the walk and says how it goes on after a NaN, `chain_rule` is the walk itself,
`nan_policy` what one walk does about NaN, `structural_zeros` which zeros no NaN can touch. A seed
goes in at the right, the derivatives by the leaves come out at the left. Functions that take
functions are in `transforms`; a derivative rule stands at its op.
"""
