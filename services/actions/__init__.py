"""Switching: proposals, the safety check, execution, verification, the action log."""
