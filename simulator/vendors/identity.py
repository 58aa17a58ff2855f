"""Identities of simulated devices."""

from __future__ import annotations

import hashlib


def mac_of(slug: str) -> str:
    """The MAC of the simulated switch ``slug``."""
    return hashlib.sha256(slug.encode()).hexdigest()[:12].upper()
