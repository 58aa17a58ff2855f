"""The key file is made once, private, and read back; a bad one is refused."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest

from commandcenter.settings import load_settings
from commandcenter.wiring.key import secret_key
from services.errors import Invalid


def test_a_key_file_is_made_private_and_kept(tmp_path: Path) -> None:
    settings = load_settings(COMMANDCENTER_HOME=tmp_path / "data")
    first = secret_key(settings)
    mode = stat.S_IMODE((tmp_path / "data" / "secret.key").stat().st_mode)
    assert (len(first), mode) == (32, 0o600)
    assert secret_key(settings) == first


def test_the_environment_wins(tmp_path: Path) -> None:
    key = base64.b64encode(bytes(range(32))).decode()
    settings = load_settings(COMMANDCENTER_HOME=tmp_path, COMMANDCENTER_SECRET_KEY=key)
    assert secret_key(settings) == bytes(range(32))
    assert not (tmp_path / "secret.key").exists()


@pytest.mark.parametrize("text", ["", "short", base64.b64encode(b"x" * 31).decode()])
def test_a_bad_key_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "secret.key").write_text(text)
    with pytest.raises(Invalid, match="32 bytes as base64"):
        secret_key(load_settings(COMMANDCENTER_HOME=tmp_path))
