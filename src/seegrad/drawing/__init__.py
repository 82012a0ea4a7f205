"""Graphs as pictures and derivations, made in stages that know only those before them:

values (what is written of an array) → formula (rules as mathematics) → scene (the picture as data)
→ layout (how large, where) → export (SVG, page, text, files) → display, notebook (showing them).
`web/` holds the page's own modules. Nothing here computes what a user asked for.
"""
