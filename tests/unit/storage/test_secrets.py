"""Credentials at rest."""

from __future__ import annotations

import pytest

from services.errors import Invalid
from storage.connection.secrets import Secrets

KEY = bytes(range(32))
SECRETS = {"password": "pässword", "token": None, "n": 1.5}


def test_what_is_sealed_opens_with_the_same_key_only() -> None:
    sealed = Secrets(key=KEY).encrypt(SECRETS)
    assert "ssword" not in sealed
    assert Secrets(key=KEY).decrypt(sealed) == SECRETS
    with pytest.raises(Invalid, match="restore the key"):
        Secrets(key=bytes(32)).decrypt(sealed)


def test_the_same_secret_never_looks_the_same() -> None:
    secrets = Secrets(key=KEY)
    assert secrets.encrypt(SECRETS) != secrets.encrypt(SECRETS)


def test_nothing_stays_nothing() -> None:
    assert Secrets(key=KEY).encrypt({}) == ""
    assert Secrets(key=KEY).decrypt("") == {}


@pytest.mark.parametrize(
    "text", ["x", "AAAA", "not base64 at all", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]
)
def test_what_was_damaged_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        Secrets(key=KEY).decrypt(text)
