"""A decision in words and in JSON: why, what would change it, and back from what is stored."""
