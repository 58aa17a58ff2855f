"""Migrations and how they run."""
