"""Alerts and the messages that carry them."""
