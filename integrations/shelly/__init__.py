"""Shelly relays of the second generation and later, over their local RPC."""
