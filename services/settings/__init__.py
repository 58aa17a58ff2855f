"""The owner's settings, checked before they are saved."""
