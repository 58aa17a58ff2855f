"""A decision in words (why, and what would change it) and in JSON, to and from storage."""
