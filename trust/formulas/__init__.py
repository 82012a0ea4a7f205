"""Printed mathematics: every equality that a derivation, a picture's step, the page or a chapter
shows is evaluated, as the term that was printed and as a reader reads it; SymPy judges beside.

`explained` says what is looked at, `printed` reads MathML as a reader would, `page_lines` has the
page's own script tell its steps, `texts` finds what chapters and guides say, `equations` is the
row.
"""
