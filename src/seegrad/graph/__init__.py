"""What a graph is made of. It knows no operation and computes no derivative.

An `op` is defined from `forms`, `laws` and rules (`rule_call`); `bind` applies one: it coerces what
came (`coerce`, `op_errors`), looks at the `mode`, and makes a `node` whose `spec` is known.
A `graph` is the nodes behind some outputs, printed as runnable Python and checked by `verify`;
`leaving` guards the ways in which numbers leave it.
"""
