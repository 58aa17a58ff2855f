"""A physical model of a site, and servers that answer as its vendors' devices and clouds do.

The model is plain Python and deterministic: the same plan, seed and steps give the same site.
"""
