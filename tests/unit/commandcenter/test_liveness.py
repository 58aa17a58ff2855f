"""A supervisor sees beats while all parts are alive, and none once one is not."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from commandcenter.liveness import Liveness


@pytest.fixture
def heard(tmp_path: Path) -> socket.socket:
    end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    end.bind(str(tmp_path / "notify"))
    return end


def messages_at(end: socket.socket) -> list[str]:
    found = []
    while True:
        try:
            found.append(end.recv(100).decode())
        except BlockingIOError:
            return found


async def test_ready_beats_and_stopping_are_told(tmp_path: Path, heard: socket.socket) -> None:
    file = tmp_path / "alive"
    liveness = Liveness(file=file, notify_socket=str(tmp_path / "notify"))
    liveness.watch("worker", lambda: True)
    async with liveness.kept():
        liveness.beat()
        assert messages_at(heard) == ["READY=1", "WATCHDOG=1"]
        assert file.exists()
    assert messages_at(heard) == ["STOPPING=1"]
    heard.close()


def test_without_one_part_there_is_no_beat(tmp_path: Path, heard: socket.socket) -> None:
    file, alive = tmp_path / "alive", {"worker": True}
    liveness = Liveness(file=file, notify_socket=str(tmp_path / "notify"))
    liveness.watch("scheduler", lambda: True)
    liveness.watch("worker", lambda: alive["worker"])
    liveness.beat()
    os.utime(file, (0, 0))
    alive["worker"] = False
    liveness.beat()
    assert file.stat().st_mtime == 0
    assert messages_at(heard) == ["WATCHDOG=1"]
    alive["worker"] = True
    liveness.beat()
    assert file.stat().st_mtime > 0
    heard.close()


def test_a_supervisor_that_is_not_there_disturbs_nothing(tmp_path: Path) -> None:
    nowhere = tmp_path / "no folder"
    Liveness(file=nowhere / "alive", notify_socket="@nobody-listens").beat()
    Liveness(file=None, notify_socket=None).beat()
    assert not nowhere.exists()
