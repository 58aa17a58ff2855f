"""People, sign-in, passwords, tokens."""
