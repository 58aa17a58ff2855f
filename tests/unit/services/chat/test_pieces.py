"""Text that waits is joined; what replaces it makes it void; nothing overtakes."""

from __future__ import annotations

import pytest

from services.chat.pieces import Event, Pieces, storable


def token(text: str, *, replace: bool = False) -> Event:
    return ("token", {"text": text, "replace": True} if replace else {"text": text})


PROGRESS: Event = ("progress", {"text": "reading"})


@pytest.mark.parametrize(
    ("added", "shown"),
    [
        pytest.param([token("a"), token("b")], [token("ab")], id="text is joined"),
        pytest.param(
            [token("a"), PROGRESS, token("b")],
            [token("a"), PROGRESS, token("b")],
            id="not over another event",
        ),
        pytest.param(
            [token("a"), token("", replace=True)], [token("", replace=True)], id="taken back"
        ),
        pytest.param(
            [token("a"), token("", replace=True), token("b")],
            [token("b", replace=True)],
            id="taken back and begun again",
        ),
        pytest.param([], [], id="nothing"),
    ],
)
def test_what_waits_is_joined_in_order(added: list[Event], shown: list[Event]) -> None:
    pieces = Pieces()
    for event, data in added:
        assert pieces.add(event, data) is (event != "token")
    assert pieces.take() == shown
    assert pieces.take() == []


def test_any_json_is_made_storable() -> None:
    given = {"a\x00": ["\ud834", 1, 2.5, None, True, {"b": ("\x00",)}]}
    assert storable(given) == {"a\ufffd": ["\ufffd", 1, 2.5, None, True, {"b": ["\ufffd"]}]}
