"""HTTP digest sign-in (RFC 7616) as Shelly devices ask for it.

The HTTP library's digest sign-in keeps a nonce for ever. Newer firmware answers an expired one with
429 instead of a challenge, so that client could never sign in again. Here the caller holds the
challenge and can drop it.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass

_PART = re.compile(r'([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))')
_HASHES = {"sha-256": hashlib.sha256, "md5": hashlib.md5}


class OddChallenge(Exception):
    """A challenge that can't be answered; its text says why."""


@dataclass(slots=True, kw_only=True)
class Challenge:
    """One challenge, with how often it has been answered."""

    realm: str
    nonce: str
    algorithm: str
    opaque: str | None
    counted: bool
    answered: int = 0

    def authorization(self, *, user: str, password: str, method: str, target: str) -> str:
        """The ``Authorization`` header of the next request; ``target`` is its path and query."""
        self.answered += 1
        count, cnonce = f"{self.answered:08x}", secrets.token_hex(8)
        account = self._hash(f"{user}:{self.realm}:{password}")
        middle = f"{self.nonce}:{count}:{cnonce}:auth" if self.counted else self.nonce
        response = self._hash(f"{account}:{middle}:{self._hash(f'{method}:{target}')}")
        parts = [
            f'username="{user}", realm="{self.realm}", nonce="{self.nonce}", uri="{target}"',
            f'response="{response}", algorithm={self.algorithm}',
        ]
        if self.counted:
            parts.append(f'qop=auth, nc={count}, cnonce="{cnonce}"')
        if self.opaque is not None:
            parts.append(f'opaque="{self.opaque}"')
        return "Digest " + ", ".join(parts)

    def _hash(self, words: str) -> str:
        return _HASHES[self.algorithm.lower()](words.encode()).hexdigest()


def challenge_of(header: str) -> Challenge:
    """The challenge in a ``WWW-Authenticate`` header.

    Raises:
        OddChallenge: No digest, a part is missing, or an algorithm that is not known here.
    """
    start = re.search(r"(?:^|[\s,])digest\s", header, re.IGNORECASE)
    if start is None:
        raise OddChallenge("it asks for a sign-in that is no digest")
    parts = {
        name.lower(): quoted or bare for name, quoted, bare in _PART.findall(header[start.end() :])
    }
    algorithm = parts.get("algorithm", "MD5")
    if "nonce" not in parts or "realm" not in parts:
        raise OddChallenge("its sign-in challenge has no nonce or no realm")
    if algorithm.lower() not in _HASHES:
        raise OddChallenge("its sign-in needs an algorithm other than SHA-256 and MD5")
    kinds = [kind.strip() for kind in parts.get("qop", "").lower().split(",") if kind.strip()]
    if kinds and "auth" not in kinds:
        raise OddChallenge("its sign-in wants the body signed (auth-int)")
    return Challenge(
        realm=parts["realm"],
        nonce=parts["nonce"],
        algorithm=algorithm,
        opaque=parts.get("opaque"),
        counted=bool(kinds),
    )
