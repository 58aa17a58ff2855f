"""Conversations and runs."""
