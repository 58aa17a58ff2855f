"""The address that a running program leaves for the commands beside it."""

from __future__ import annotations

from pathlib import Path

from commandcenter.running_server import (
    RunningServer,
    forget_running_server,
    read_running_server,
    write_running_server,
)

OURS = RunningServer(url="http://127.0.0.1:8000", token="secret", token_id="1")
OTHERS = RunningServer(url="http://127.0.0.1:8001", token="other", token_id="2")


def test_a_server_beside_another_database_makes_its_folder(tmp_path: Path) -> None:
    home = tmp_path / "new" / "home"
    write_running_server(home, OURS)
    assert read_running_server(home) == OURS
    assert (home / "server.json").stat().st_mode & 0o777 == 0o600


def test_only_its_own_file_is_removed(tmp_path: Path) -> None:
    write_running_server(tmp_path, OTHERS)
    forget_running_server(tmp_path, OURS)
    assert read_running_server(tmp_path) == OTHERS
    forget_running_server(tmp_path, OTHERS)
    assert read_running_server(tmp_path) is None
