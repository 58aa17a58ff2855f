"""Encrypts vendors' credentials at rest: AES-256-GCM with the installation's key."""

from __future__ import annotations

import base64
import json
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.errors import Invalid
from services.stored import Json

NONCE_BYTES = 12


class Secrets:
    """Encrypts and decrypts small JSON objects."""

    def __init__(self, *, key: bytes) -> None:
        """``key`` has 32 bytes."""
        self._cipher = AESGCM(key)

    def encrypt(self, secrets: Json) -> str:
        """The encrypted text for the database; empty for empty secrets."""
        if not secrets:
            return ""
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, json.dumps(secrets).encode(), None)
        return base64.b64encode(nonce + sealed).decode("ascii")

    def decrypt(self, text: str) -> Json:
        """The secrets in plain.

        Raises:
            Invalid: They were encrypted with another key, or damaged.
        """
        if not text:
            return {}
        try:
            raw = base64.b64decode(text, validate=True)
            opened = self._cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], None)
        except (InvalidTag, ValueError):
            raise Invalid(
                [
                    (
                        "COMMANDCENTER_SECRET_KEY",
                        (
                            "is not the key that the stored credentials were encrypted with;"
                            " restore the key or enter the credentials anew"
                        ),
                    )
                ]
            ) from None
        secrets: Json = json.loads(opened)
        return secrets
