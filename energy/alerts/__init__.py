"""Alert conditions: what is watched, when it becomes an alert, when it ends."""
