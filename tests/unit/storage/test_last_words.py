"""What a server that would not start is quoted with."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.embedded.cluster import _last_words, _unavailable

ROWS = [
    pytest.param("", "it ended without a message", "broken", id="silence"),
    pytest.param("one\ntwo\n", "two", "broken", id="no level: the last line"),
    pytest.param(
        '12:00 UTC [1] FATAL:  could not open file "x"\n12:00 UTC [1] LOG:  shut down\n',
        'could not open file "x"',
        "broken",
        id="the level that tells",
    ),
    pytest.param(
        'ERROR:  could not extend file "base": No space left on device\nPANIC:  cannot abort 1\n',
        'could not extend file "base": No space left on device',
        "is full: free some space",
        id="a full disk, whatever came of it",
    ),
    pytest.param(
        'FATAL:  could not extend file "base": wrote only 4096 of 8192 bytes\nPANIC:  aborted\n',
        'could not extend file "base": wrote only 4096 of 8192 bytes',
        "is full: free some space",
        id="a nearly full disk",
    ),
    pytest.param(
        'FATAL:  could not open directory "pg_wal": Permission denied\n',
        'could not open directory "pg_wal": Permission denied',
        "right to write",
        id="rights",
    ),
    pytest.param(
        "FATAL:  database files are incompatible with server\n",
        "database files are incompatible with server",
        "another version",
        id="another version",
    ),
]


@pytest.mark.parametrize(("text", "words", "advice"), ROWS)
def test_the_sentence_says_why_and_what_to_do(text: str, words: str, advice: str) -> None:
    assert _last_words(text) == words
    problem = _unavailable(Path("/data/postgres"), words)
    assert problem.detail == words
    assert advice in problem.advice
    assert "/data/postgres" in str(problem)
