"""The compiler: from a traced graph to one native program, and what can be seen of it."""
