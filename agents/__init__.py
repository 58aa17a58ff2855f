"""The crew: roles, prompts, models and the stream of what they do."""
