"""Compiled code against eager: random programs, other modes and processors, whole modules."""
