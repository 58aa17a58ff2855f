"""Numeric models: the clear sky over a site's arrays."""
