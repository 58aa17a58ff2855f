"""What agents and other model clients may call: thin, typed wrappers over services."""
