"""What people and tools read: live view, history, health."""
