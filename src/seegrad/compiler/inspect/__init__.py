"""What can be seen of a compiled function: its source, its profile, the machine's peak."""
