"""What people type and what they are told: expressions, command lines, names, wrong calls."""
