"""The key that encrypts vendors' credentials at rest: from the environment, or a 0600 file."""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path

from commandcenter.settings import KEY_BYTES, Settings, key_of
from services.errors import Invalid

VARIABLE = "COMMANDCENTER_SECRET_KEY"


def secret_key(settings: Settings) -> bytes:
    """The key, made at the first start.

    Raises:
        Invalid: The variable or the file does not hold 32 bytes as base64.
    """
    if settings.secret_key is not None:
        return _decoded(settings.secret_key.get_secret_value(), where=VARIABLE)
    path = settings.home / "secret.key"
    if path.exists():
        return _decoded(path.read_bytes().strip(), where=str(path))
    key = secrets.token_bytes(KEY_BYTES)
    _write_private(path, base64.b64encode(key))
    return key


def _decoded(text: str | bytes, *, where: str) -> bytes:
    try:
        return key_of(text)
    except ValueError as error:
        raise Invalid([(where, str(error))]) from None


def _write_private(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
