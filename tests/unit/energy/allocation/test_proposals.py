"""Who holds a load is folded in one place and told by the decision."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from energy.allocation.allocator import allocate
from energy.allocation.explanation.decision_codec import decision_from, decision_json
from energy.allocation.explanation.sentences import Explanations
from energy.allocation.explanation.would_change import HoldEnds
from energy.allocation.proposals import Proposal, strongest
from energy.site.loads import Actor
from tests.fakes.sites.allocator_site import NOON, PLAIN, ask, off, running, said, snapshot, told


def held(minutes: float = 20.0, **changes: Any) -> Proposal:
    proposal = Proposal(
        miner_id="plain", actor=Actor.OWNER, by="Ann", until=NOON + timedelta(minutes=minutes)
    )
    return replace(proposal, **changes)


@pytest.mark.parametrize(
    ("proposals", "by"),
    [
        pytest.param([], None, id="nobody"),
        pytest.param([held(0.0)], None, id="over"),
        pytest.param([held(by="Ann"), held(30.0, by="Bob")], "Bob", id="the longer one"),
        pytest.param(
            [held(), held(90.0, actor=Actor.RULE, by="night rule")], "Ann", id="the higher rank"
        ),
        pytest.param([held(by="Ann"), held(by="Bob")], "Bob", id="by name, whatever the order"),
    ],
)
def test_the_strongest_counts(proposals: list[Proposal], by: str | None) -> None:
    for order in (proposals, proposals[::-1]):
        chosen = strongest(order, NOON).get("plain")
        assert (None if chosen is None else chosen.by) == by


def decided(**changes: Any) -> Any:
    return allocate(ask(**{"miners": (PLAIN,), "states": (off(PLAIN),), **changes}))


@pytest.mark.parametrize(
    ("changes", "result"),
    [
        pytest.param({"proposals": (held(),)}, ("stay_off", "held"), id="off"),
        pytest.param({"proposals": (held(0.0),)}, ("start", "eligible"), id="over"),
        pytest.param(
            {"proposals": (held(),), "snapshot": snapshot(voltage_v=49.0)},
            ("stay_off", "below_start_voltage"),
            id="off for another reason",
        ),
        pytest.param(
            {"proposals": (held(),), "states": (running(PLAIN),)},
            ("keep_running", "running"),
            id="on, and nothing against it",
        ),
        pytest.param(
            {
                "proposals": (held(),),
                "states": (running(PLAIN),),
                "miners": (replace(PLAIN, enabled=False),),
            },
            ("keep_running", "held"),
            id="on, against a condition",
        ),
        pytest.param(
            {
                "proposals": (held(),),
                "states": (running(PLAIN),),
                "snapshot": snapshot(voltage_v=47.9),
            },
            ("stop", "below_stop_voltage"),
            id="a protective stop asks nobody",
        ),
    ],
)
def test_a_hold(changes: dict[str, Any], result: tuple[str, str]) -> None:
    assert told(decided(**changes)) == [result]


def test_the_sentences_name_who_and_until_when() -> None:
    decision = decided(proposals=(held(),))
    assert said(decision) == (
        "Off: held by Ann until 12:20.",
        "automation decides again at 12:20, or when the owner switches it",
    )
    on = decided(
        proposals=(held(),), states=(running(PLAIN),), miners=(replace(PLAIN, enabled=False),)
    )
    assert said(on).explanation == "Keeps running: held by Ann until 12:20, against: disabled."
    change = Explanations(on).change(on.miners[0])
    assert isinstance(change, HoldEnds)
    assert change.until == datetime.fromisoformat("2026-06-21T12:20:00-07:00")
    for each in (decision, on):
        assert decision_from(decision_json(each)) == each


def test_a_start_leaves_what_is_held_its_power() -> None:
    first = replace(PLAIN, id="first", name="First", priority_level=1)
    second = replace(PLAIN, priority_level=2)
    question = ask(
        miners=(first, second),
        states=(off(first), running(second)),
        snapshot=snapshot(voltage_v=52.3, pv_w=4_500.0, load_w=4_000.0),
    )
    owner = replace(question.preferences, battery_discharge_allowance_w=0.0)
    question = replace(question, preferences=owner)
    assert told(allocate(question))[0] == ("start", "eligible")
    kept = allocate(replace(question, proposals=(held(),)))
    assert told(kept) == [("stay_off", "waits_for_minimum_on"), ("keep_running", "running")]
