"""Words that claim a switch, and words that don't."""

from __future__ import annotations

import pytest

from agents.claims import NOTHING_DONE, ONLY_PROPOSED, correction

ASKED = "What is the voltage?"


@pytest.mark.parametrize(
    "text",
    [
        "I turned it on.",
        "I've just switched the S19 off.",
        "I have successfully stopped both miners.",
        "I’ll start it now, and I will now power the fan.",
        "I went to look; the dump load has been turned on.",
        "The S19 is now running.",
        "Done! Enjoy.",
        "We are shutting down, I am stopping it.",
        "Approved: I approved the action.",
    ],
)
def test_a_claim_is_contradicted(text: str) -> None:
    assert correction(ASKED, text, proposed=False) == NOTHING_DONE
    assert correction(ASKED, text, proposed=True) == ONLY_PROPOSED


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The battery is at 52.3 V.",
        "The dump load is off: 52.3 V is below its start voltage.",
        "It started at 09:12 because the sun carried it.",
        "I can propose it: say which miner.",
    ],
)
def test_a_report_stands(text: str) -> None:
    assert correction(ASKED, text, proposed=False) is None


def test_a_request_is_answered_by_what_was_done_whatever_the_words() -> None:
    assert correction("Hello. Turn on the dump load", "Gern.", proposed=False) == NOTHING_DONE
