"""Operations that layers are made of: windows and what slides through them, activations, losses.

The layers themselves, with their parameters, are in `seegrad.nn`.
"""
