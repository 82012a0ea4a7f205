"""Graph → scene, the picture as data: `build` draws it up with composites opened inside,
`page_program` adds what the page recomputes, `steps` the order in which it is told.

No sizes and no colours but those of an overlay.
"""
