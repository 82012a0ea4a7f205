"""What all rows share: the form of a row and the report; functions in a process of their own
(`isolation`), inputs drawn for ops (`sampling`), programs over the op table. Nothing is measured.
"""
