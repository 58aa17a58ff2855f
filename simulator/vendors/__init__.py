"""Servers that answer as the vendors' clouds and devices do."""
