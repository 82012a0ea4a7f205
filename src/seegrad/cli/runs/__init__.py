"""The commands that make a run and use it: train, predict, evaluate.

In the order in which words become a run: `options` are asked for, `asked` joins them with a file of
settings and with the run that is to go on, `train` trains, `telling` says it; `predict` and
`evaluate` take the run that came out.
"""
