"""What is computed, as data: buffers and views, scalar expressions, kernels.

Read by every later stage; nothing here chooses, writes assembly or runs.
"""
