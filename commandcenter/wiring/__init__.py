"""The composition root: every dependency is created here, once."""
