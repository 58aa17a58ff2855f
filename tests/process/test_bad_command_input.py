"""Whatever is wrong with what a command is given: one clear sentence, a code, nothing begun."""

from __future__ import annotations

import base64
import gzip
import socket
from pathlib import Path

import pytest

from tests.process.conftest import cli

pytestmark = [pytest.mark.process, pytest.mark.timeout(120)]

HEADING = "utc_start,pv_w,load_w\n"


def assert_refused(home: Path, *words: str, code: int, said: str, **given: str) -> None:
    """The command ends with ``code`` and one sentence, and has not begun anything."""
    answer = cli(home, *words, extra=given)
    assert (answer.returncode, answer.stdout) == (code, ""), answer.stderr
    assert said in answer.stderr
    assert [line[:7] for line in answer.stderr.splitlines()] == ["error: "]
    assert not (home / "postgres").exists()


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        pytest.param("SIM_SPEED", "fast", "SIM_SPEED: got 'fast'", id="speed"),
        pytest.param("COMMANDCENTER_SECRET_KEY", "abc", "32 bytes as base64", id="key"),
        pytest.param("DATABASE_URL", "postgresql://u:pw@[h", "postgresql://user", id="database"),
    ],
)
def test_a_bad_setting(tmp_path: Path, variable: str, value: str, said: str) -> None:
    assert_refused(tmp_path / "home", "token", "add", "x", code=2, said=said, **{variable: value})


@pytest.mark.parametrize(
    ("name", "content", "options", "said"),
    [
        pytest.param("bytes.json", b"\xff\xfe{", [], "is not UTF-8", id="not UTF-8"),
        pytest.param("deep.json", b"[" * 100_000, [], "is not JSON", id="too deep"),
        pytest.param(
            "part.json",
            b'{"snapshot": 5}',
            ["--voltage", "52"],
            "snapshot: must be an object, got 5",
            id="part",
        ),
        pytest.param(
            "mode.json",
            b'{"preferences": [1]}',
            ["--mode", "balanced"],
            "preferences: must be an object",
            id="settings",
        ),
    ],
)
def test_a_bad_document(
    tmp_path: Path, name: str, content: bytes, options: list[str], said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    assert_refused(tmp_path / "home", "allocate", str(tmp_path / name), *options, code=2, said=said)


def test_a_folder_for_a_document(tmp_path: Path) -> None:
    assert_refused(tmp_path / "home", "allocate", str(tmp_path), code=3, said="check the path")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        pytest.param("empty.csv", b"", "names no time column", id="empty"),
        pytest.param("columns.csv", b"a,b\n1,2\n", "names no time column", id="columns"),
        pytest.param("bytes.csv", b"\xff\xfe", "cannot be read", id="not UTF-8"),
        pytest.param("text.csv.gz", b"text", "cannot be read", id="not gzip"),
        pytest.param(
            "damaged.csv.gz", gzip.compress(b"")[:10] + b"\xff" * 30, "damaged", id="damaged gzip"
        ),
        pytest.param(
            "early.csv",
            f"{HEADING}0001-01-01T00:00:00+14:00,1,1\n0001-01-02T00:00:00Z,1,1\n".encode(),
            "outside 1950…2099",
            id="before all time",
        ),
        pytest.param(
            "late.csv",
            f"{HEADING}9999-12-31T22:00:00Z,1,1\n9999-12-31T23:00:00Z,1,1\n".encode(),
            "outside 1950…2099",
            id="after all time",
        ),
        pytest.param(
            "dark.csv",
            f"{HEADING}2024-06-01T00:00:00Z,0,1\n2024-06-01T01:00:00Z,0,1\n".encode(),
            "the file has no PV",
            id="no sun",
        ),
    ],
)
def test_a_bad_series(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert_refused(tmp_path / "home", "replay", str(tmp_path / name), code=2, said=said)


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        pytest.param("--latitude", "95", "must be -90 to 90, got 95", id="latitude"),
        pytest.param("--longitude", "nan", "--longitude", id="longitude"),
        pytest.param("--timezone", "Mars/Olympus", "is unknown", id="unknown zone"),
        pytest.param("--timezone", "../../etc", "is unknown", id="path for a zone"),
        pytest.param("--chart", "x.txt", "must end with .png or .html", id="kind of chart"),
        pytest.param("--chart", "/nowhere/x.png", "a folder that exists", id="folder of chart"),
    ],
)
def test_a_bad_option_of_replay(tmp_path: Path, option: str, value: str, said: str) -> None:
    file = tmp_path / "two.csv"
    file.write_text(f"{HEADING}2024-06-01T10:00:00Z,1,1\n2024-06-01T11:00:00Z,1,1\n")
    assert_refused(tmp_path / "home", "replay", str(file), option, value, code=2, said=said)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(["ask", "hi", "--agent", "nobody"], "one of monitor, solar", id="agent"),
        pytest.param(["emergency-stop", "--release", "--status"], "takes one of", id="two wishes"),
        pytest.param(["emergency-stop", "--release"], "say why it is safe", id="no reason"),
        pytest.param(
            ["emergency-stop", "--release", "--reason", " "], "say why it is safe", id="blank"
        ),
        pytest.param(["migrate", "--rollback", "--status"], "takes one of", id="two ways"),
        pytest.param(["serve", "--host", "192.0.2.1"], "PUBLIC_BASE_URL", id="public address"),
    ],
)
def test_bad_words(tmp_path: Path, words: list[str], said: str) -> None:
    assert_refused(tmp_path / "home", *words, code=2, said=said)


def test_a_database_that_is_away_is_one_line(tmp_path: Path) -> None:
    away = "postgresql://user:hidden@127.0.0.1:1/x"
    assert_refused(
        tmp_path / "home", "migrate", code=3, said="Check DATABASE_URL", DATABASE_URL=away
    )


def test_a_file_for_a_data_folder(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.write_text("kept")
    assert_refused(home, "simulate", code=3, said="check the path")
    assert home.read_text() == "kept"


def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        assert_refused(
            tmp_path / "home", "serve", "--port", port, code=5, said="stop the other program"
        )


def test_another_key_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    home, name = tmp_path / "home", "COMMANDCENTER_SECRET_KEY"
    right, wrong = ({name: base64.b64encode(byte * 32).decode()} for byte in (b"1", b"2"))
    assert cli(home, "allocate", "--live", "--json", extra=right).returncode == 0
    answer = cli(home, "allocate", "--live", "--json", extra=wrong)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert "restore the key" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert cli(home, "token", "add", "x", extra=right).returncode == 0


def test_an_emergency_stop_without_a_site_says_that_nothing_was_stopped(tmp_path: Path) -> None:
    answer = cli(tmp_path / "home", "emergency-stop")
    assert answer.returncode == 5
    assert "nothing was done: bring it up" in answer.stderr
