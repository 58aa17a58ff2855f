"""Numeric models of what is to come, without I/O."""
