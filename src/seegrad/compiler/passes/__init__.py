"""Graph → graph: `pipeline` names the passes in order, each other file is one of them or what they
are written with (pattern, rewrite, identities). No buffer and no kernel is known here.
"""
