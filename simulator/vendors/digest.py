"""HTTP digest sign-in with SHA-256 (RFC 7616), as Shelly devices ask for it."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

_FIELD = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,]+))')
_KEPT_NONCES = 1_024


class DigestGuard:
    """Checks requests to one device. A nonce may be used again, as often as the client likes."""

    def __init__(self, *, realm: str, user: str, password: str) -> None:
        """One user with one password."""
        self._realm, self._user, self._password = realm, user, password
        self._nonces: dict[str, None] = {}

    def challenge(self) -> str:
        """A new ``WWW-Authenticate`` value."""
        nonce = secrets.token_hex(16)
        self._nonces[nonce] = None
        if len(self._nonces) > _KEPT_NONCES:
            del self._nonces[next(iter(self._nonces))]
        return f'Digest qop="auth", realm="{self._realm}", nonce="{nonce}", algorithm=SHA-256'

    def accepts(self, *, method: str, target: str, authorization: str | None) -> bool:
        """Whether ``authorization`` answers a challenge of ours for this request target."""
        if authorization is None or not authorization.startswith("Digest "):
            return False
        fields = _FIELD.findall(authorization.removeprefix("Digest "))
        given = {name: quoted or bare for name, quoted, bare in fields}
        if given.get("nonce") not in self._nonces or given.get("uri") != target:
            return False
        if given.get("username") != self._user or given.get("algorithm") != "SHA-256":
            return False
        secret = _hash(f"{self._user}:{self._realm}:{self._password}")
        request = _hash(f"{method}:{target}")
        parts = [secret, given["nonce"], given.get("nc", ""), given.get("cnonce", ""), "auth"]
        wanted = _hash(":".join([*parts, request]))
        return hmac.compare_digest(wanted, given.get("response", ""))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
