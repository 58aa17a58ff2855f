"""Passwords by argon2id."""

from __future__ import annotations

import asyncio
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher()


async def hash_password(password: str) -> str:
    """The argon2id hash. Runs in a thread, because argon2id is slow by design."""
    return await asyncio.to_thread(_HASHER.hash, password)


async def password_matches(password: str, stored_hash: str | None) -> bool:
    """Whether the password matches the hash. False without a stored hash, but after the same time,
    so that the time does not show which accounts exist.
    """
    return await asyncio.to_thread(_matches, password, stored_hash)


def _matches(password: str, stored_hash: str | None) -> bool:
    try:
        _HASHER.verify(_hash_of_no_user() if stored_hash is None else stored_hash, password)
    except (VerificationError, InvalidHashError):
        return False
    return stored_hash is not None


@cache
def _hash_of_no_user() -> str:
    """A hash to check where there is no user, so that the answer takes as long as for a wrong
    password.
    """
    return _HASHER.hash("nobody has this password")
