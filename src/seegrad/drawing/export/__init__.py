"""Plan → files: SVG, PNG, the page, TikZ, terminal text; DOT and Mermaid, which lay out themselves.

No layout is decided here.
"""
