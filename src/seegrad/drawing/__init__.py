"""Pictures: a graph as a scene, laid out, and lowered to files, pages and terminals."""
