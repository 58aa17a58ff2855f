"""The assistant's crew: roles, prompts, models and the stream of events."""
