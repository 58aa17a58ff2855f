"""Connections, statements, row mapping, encryption of credentials."""
