"""What passes as JSON, and what is refused with a reason."""

from __future__ import annotations

import pytest

from server.json_text import BadJson, read_json


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": [1, 2.5, null, true, "\xc3\xa9"]}', {"a": [1, 2.5, None, True, "é"]}),
        (b'"\\ud83d\\ude00"', "😀"),
        (b"0", 0),
    ],
)
def test_json_is_read(body: bytes, value: object) -> None:
    assert read_json(body) == value


@pytest.mark.parametrize(
    ("body", "words"),
    [
        pytest.param(b"{", "line 1, column 2", id="half"),
        pytest.param(b"\xff", "not UTF-8 text (byte 0)", id="no text"),
        pytest.param(b"[NaN]", "NaN is not a number", id="NaN"),
        pytest.param(b'{"a": [1e999]}', "a[0]: the number is too large", id="infinite"),
        pytest.param(b"[" + b"9" * 401 + b"]", "400 digits", id="endless number"),
        pytest.param(b"9" * 350, "too large", id="too large for a float"),
        pytest.param(b'{"a": "\\u0000"}', "a: text with a NUL", id="NUL in a value"),
        pytest.param(b'{"\\u0000": 1}', "the body: text with a NUL", id="NUL in a name"),
        pytest.param(b'["\\udc00"]', "half a surrogate", id="half a surrogate"),
        pytest.param(b'{"a": {"b": 1, "b": 2}}', "'b' is given more than once", id="said twice"),
        pytest.param(b"[" * 42 + b"]" * 42, "deeper than 40", id="nested too deep"),
        pytest.param(b"[" * 100_000, "deeper than 40", id="nested beyond reading"),
    ],
)
def test_what_is_refused(body: bytes, words: str) -> None:
    with pytest.raises(BadJson) as refused:
        read_json(body)
    assert words in str(refused.value)
