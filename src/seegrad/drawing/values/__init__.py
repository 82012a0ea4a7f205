"""What is written of a value: the few facts of an array, numbers as people read them, names for
what came without one, and a user's text made safe for any file.

Nothing here knows a picture or a formula.
"""
