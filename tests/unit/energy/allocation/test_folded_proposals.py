"""One proposal per load decides, chosen in one place; the decision shows which."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from energy.allocation.allocator import allocate
from energy.allocation.decision import Decision
from energy.allocation.explanation.decision_codec import (
    decision_from,
    decision_json,
    same_decision,
)
from energy.allocation.explanation.sentences import Explanations
from energy.allocation.explanation.who_decided import who_decided
from energy.allocation.explanation.would_change import HoldEnds
from energy.allocation.proposals import Proposal, Wanted, settle
from energy.site.loads import Actor
from tests.fakes.sites.allocator_site import (
    NOON,
    PLAIN,
    ask,
    off,
    outcomes,
    running,
    sentences_of,
    snapshot,
)


def held(minutes: float = 20.0, **changes: Any) -> Proposal:
    proposal = Proposal(
        load_id="plain", actor=Actor.OWNER, by="Ann", until=NOON + timedelta(minutes=minutes)
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
        chosen = settle(order, NOON).get("plain")
        assert (None if chosen is None else chosen.winner.by) == by


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
    assert outcomes(decided(**changes)) == [result]


def test_the_sentences_name_who_and_until_when() -> None:
    decision = decided(proposals=(held(),))
    assert sentences_of(decision) == (
        "Off: held by Ann until 12:20.",
        "automation decides again at 12:20, or when the owner switches it",
    )
    on = decided(
        proposals=(held(),), states=(running(PLAIN),), miners=(replace(PLAIN, enabled=False),)
    )
    assert (
        sentences_of(on).explanation == "Keeps running: held by Ann until 12:20, against: disabled."
    )
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
    assert outcomes(allocate(question))[0] == ("start", "eligible")
    kept = allocate(replace(question, proposals=(held(),)))
    assert outcomes(kept) == [("stay_off", "waits_for_minimum_on"), ("keep_running", "running")]


def asked(wanted: Wanted, **changes: Any) -> Proposal:
    return held(**{"wanted": wanted, "reason": "manual", **changes})


HEAT = Proposal(
    load_id="plain", actor=Actor.ALLOCATOR, by="climate of Attic", wanted=Wanted.ON, reason="cold"
)


def outcome_and_winner(decision: Decision) -> tuple[str, str, str, list[str]]:
    """(command, reason, who decided, whom that outranked) of the only miner."""
    miner, (winner, over) = decision.miners[0], next(who_decided(decision))
    by = f"{winner.actor}: {winner.by}"
    return miner.command.value, miner.reason.code.value, by, [each.by for each in over]


ALONE = "allocator: allocator"


@pytest.mark.parametrize(
    ("changes", "result"),
    [
        pytest.param({}, ("start", "eligible", ALONE, []), id="nobody wants anything"),
        pytest.param(
            {"snapshot": snapshot(voltage_v=49.0), "proposals": (asked(Wanted.ON),)},
            ("start", "asked_on", "owner: Ann", []),
            id="on, whatever its start voltage",
        ),
        pytest.param(
            {"snapshot": snapshot(pv_w=0.0), "proposals": (asked(Wanted.ON), held(10.0, by="Bob"))},
            ("start", "asked_on", "owner: Ann", ["Bob"]),
            id="the newer word of two owners",
        ),
        pytest.param(
            {"snapshot": snapshot(voltage_v=45.9), "proposals": (asked(Wanted.ON),)},
            ("stay_off", "emergency_voltage", "safety: safety", ["Ann"]),
            id="on, at its emergency voltage",
        ),
        pytest.param(
            {"emergency_stop": True, "proposals": (asked(Wanted.ON),)},
            ("stop", "emergency_stop", "safety: safety", ["Ann"]),
            id="on, in an emergency stop",
        ),
        pytest.param(
            {"states": (running(PLAIN),), "proposals": (asked(Wanted.ON),)},
            ("keep_running", "running", ALONE, []),
            id="on, and it runs",
        ),
        pytest.param(
            {"states": (running(PLAIN),), "proposals": (asked(Wanted.OFF),)},
            ("stop", "asked_off", "owner: Ann", []),
            id="off",
        ),
        pytest.param(
            {"proposals": (asked(Wanted.OFF),)},
            ("stay_off", "held", "owner: Ann", []),
            id="off, and it is off",
        ),
        pytest.param(
            {
                "states": (running(PLAIN),),
                "snapshot": snapshot(voltage_v=45.9),
                "proposals": (asked(Wanted.ON), asked(Wanted.OFF, actor=Actor.AGENT, by="robot")),
            },
            ("stop", "emergency_voltage", "safety: safety", ["Ann"]),
            id="a protective stop outweighs everybody",
        ),
        pytest.param(
            {"proposals": (asked(Wanted.ON, actor=Actor.RULE, by="noon rule", until=None),)},
            ("start", "asked_on", "rule: noon rule", []),
            id="a rule that asks in each cycle",
        ),
        pytest.param(
            {"proposals": (asked(Wanted.OFF, actor=Actor.AGENT, by="robot"),)},
            ("start", "eligible", ALONE, ["robot"]),
            id="an agent's proposal is shown, not followed",
        ),
        pytest.param(
            {
                "miners": (replace(PLAIN, require_sunny_weather=True),),
                "proposals": (HEAT,),
            },
            ("start", "heat_wanted", "allocator: climate of Attic", []),
            id="a zone wants the heat",
        ),
        pytest.param(
            {"snapshot": snapshot(voltage_v=49.0), "proposals": (HEAT,)},
            ("stay_off", "below_start_voltage", ALONE, ["climate of Attic"]),
            id="a zone is weighed by the rules",
        ),
        pytest.param(
            {"states": (replace(off(PLAIN), heat_wanted=True),)},
            ("start", "heat_wanted", ALONE, []),
            id="a what-if wants the heat",
        ),
        pytest.param(
            {"states": (replace(off(PLAIN), is_on=None),), "proposals": (asked(Wanted.ON),)},
            ("stay_off", "device_unknown", ALONE, ["Ann"]),
            id="its switch does not answer",
        ),
        pytest.param(
            {"states": (), "proposals": (HEAT,)},
            ("stay_off", "device_unknown", ALONE, ["climate of Attic"]),
            id="nothing is known of it",
        ),
    ],
)
def test_who_had_the_say(changes: dict[str, Any], result: tuple[str, str, str, list[str]]) -> None:
    decision = decided(**changes)
    assert outcome_and_winner(decision) == result
    again = decision_from(decision_json(decision))
    assert again == decision
    assert same_decision(allocate(again.inputs), decision)


def test_what_is_asked_for_is_told_in_words() -> None:
    on = decided(snapshot=snapshot(voltage_v=49.0), proposals=(asked(Wanted.ON),))
    assert sentences_of(on) == (
        "Starts: asked for by Ann (3 000 W from the sun).",
        "automation decides again at 12:20, or when the owner switches it",
    )
    off_again = decided(states=(running(PLAIN),), proposals=(asked(Wanted.OFF),))
    assert sentences_of(off_again) == (
        "Stop: asked for by Ann.",
        "automation decides again at 12:20, or when the owner switches it",
    )


def test_what_is_asked_for_has_its_power_and_its_start_before_higher_priorities() -> None:
    first = replace(PLAIN, id="first", name="First", priority_level=1)
    second = replace(PLAIN, priority_level=2)
    question = ask(miners=(first, second), states=(off(first), off(second)))
    question = replace(question, proposals=(asked(Wanted.ON),))
    assert outcomes(allocate(question)) == [
        ("stay_off", "one_start_per_cycle"),
        ("start", "asked_on"),
    ]
    short = replace(question, snapshot=snapshot(pv_w=1_850.0 + 900.0))
    assert outcomes(allocate(short)) == [
        ("stay_off", "waits_for_minimum_on"),
        ("start", "asked_on"),
    ]


def test_a_proposal_of_version_1_2_0_is_read() -> None:
    decision = decided(proposals=(held(),))
    document: dict[str, Any] = decision_json(decision)
    (proposal,) = document["inputs"]["proposals"]
    old = {name: proposal[name] for name in ("actor", "by", "until")}
    document["inputs"]["proposals"] = [{"miner_id": "plain", **old}]
    del document["loads"]
    assert decision_from(document) == decision
