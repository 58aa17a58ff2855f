"""The composition root: every dependency is built here, once."""
