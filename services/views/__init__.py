"""Read-only views for people and tools: live view, history, health, metrics."""
