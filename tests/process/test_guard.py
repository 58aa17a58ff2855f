"""The guard of the process tests itself: it finds what it is there to find."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.process.conftest import ROOT, environment, look_ups

WATCHED = (
    "import os, socket; from pathlib import Path; from tests.process.guard import watch;"
    " watch(Path(os.environ['LOOK_UPS'])); "
)


@pytest.mark.parametrize(
    ("does", "found"),
    [
        pytest.param("socket.getaddrinfo('example.com', 80)", "'example.com'", id="look-up"),
        pytest.param("socket.gethostbyname('example.com')", "'example.com'", id="old look-up"),
        pytest.param("socket.create_connection(('192.0.2.1', 80))", "'192.0.2.1'", id="address"),
    ],
)
def test_a_foreign_host_is_written_down_and_refused(tmp_path: Path, does: str, found: str) -> None:
    home = tmp_path / "home"
    ended = subprocess.run(
        [sys.executable, "-c", WATCHED + does],
        cwd=ROOT,
        env=environment(home),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode != 0
    assert "is not loopback" in ended.stderr
    assert found in look_ups(home).read_text()


def test_loopback_passes(tmp_path: Path) -> None:
    home = tmp_path / "home"
    does = (
        "s = socket.create_server(('127.0.0.1', 0)); "
        "socket.create_connection(s.getsockname()).close(); socket.getaddrinfo('localhost', 1)"
    )
    subprocess.run(
        [sys.executable, "-c", WATCHED + does],
        cwd=ROOT,
        env=environment(home),
        check=True,
        timeout=60,
    )
    assert not look_ups(home).exists()
