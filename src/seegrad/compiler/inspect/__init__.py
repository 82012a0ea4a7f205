"""What can be seen of a compiled function; nothing here changes one.

`source` prints kernels, assembly and a report, `profile` times kernel by kernel, `machine_peak`
measures what the machine can do at best.
"""
