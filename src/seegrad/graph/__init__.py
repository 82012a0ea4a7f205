"""Floor 1: what a graph is made of. It knows no operation and computes no derivative."""
