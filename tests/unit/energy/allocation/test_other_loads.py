"""Heaters and fans: no part of the base load, and before the miners in the budget."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from energy.allocation.allocator import allocate
from energy.allocation.proposals import Proposal, Wanted
from energy.site.loads import Actor, LoadKind, OtherLoad
from tests.fakes.sites.allocator_site import NOON, PLAIN, ask, off, snapshot

HEATER = OtherLoad(id="h", name="Heater", kind=LoadKind.HEATER, rated_w=1_500.0)
BIG = replace(PLAIN, power_draw_watts=10_200.0)
"""Fits into the 11 600 W of the worked example, but not beside the heater."""


@pytest.mark.parametrize(
    ("heater", "load_w", "other_w", "starts"),
    [
        pytest.param(HEATER, 1_850.0, 0.0, True, id="off"),
        pytest.param(replace(HEATER, wanted_on=True), 1_850.0, 1_500.0, False, id="goes on now"),
        pytest.param(
            replace(HEATER, is_on=True, power_w=1_480.0, power_in_load_w=1_480.0),
            3_330.0,
            1_480.0,
            False,
            id="runs, by its meter",
        ),
        pytest.param(
            replace(HEATER, is_on=True), 3_350.0, 1_500.0, False, id="runs, without a meter"
        ),
        pytest.param(
            replace(HEATER, is_on=True, wanted_on=False), 3_350.0, 0.0, True, id="goes off now"
        ),
        pytest.param(
            replace(HEATER, is_on=None, wanted_on=True), 1_850.0, 0.0, True, id="does not answer"
        ),
    ],
)
def test_heaters_take_their_part_first(
    heater: OtherLoad, load_w: float, other_w: float, *, starts: bool
) -> None:
    decision = allocate(
        ask(
            snapshot=snapshot(load_w=load_w),
            miners=(BIG,),
            states=(off(BIG),),
            others=(heater,),
        )
    )
    budget = decision.budget
    assert (budget.base_load_w, budget.other_loads_w) == (1_850.0, other_w)
    assert budget.total_w == 11_600.0
    assert (decision.miners[0].command.value == "start") is starts


ZONE_ON = Proposal(
    load_id="h", actor=Actor.ALLOCATOR, by="climate of Attic", wanted=Wanted.ON, reason="heated"
)
ZONE_OFF = replace(ZONE_ON, by="climate of Barn", wanted=Wanted.OFF, reason="comfortable")
HELD = Proposal(load_id="h", actor=Actor.OWNER, by="Ann", until=NOON + timedelta(minutes=20))
PROTECTS = replace(ZONE_OFF, actor=Actor.SAFETY, reason="critical")
AGENT_ON = replace(HELD, actor=Actor.AGENT, by="robot", wanted=Wanted.ON)
RUNS = replace(HEATER, is_on=True)
SILENT = replace(HEATER, is_on=None)


@pytest.mark.parametrize(
    ("heater", "proposals", "result"),
    [
        pytest.param(HEATER, [ZONE_ON], ("start", 1_500.0, "Attic", []), id="on"),
        pytest.param(RUNS, [ZONE_ON], ("keep_running", 1_500.0, "Attic", []), id="stays on"),
        pytest.param(RUNS, [ZONE_OFF], ("stop", 0.0, "Barn", []), id="off"),
        pytest.param(HEATER, [ZONE_OFF], ("stay_off", 0.0, "Barn", []), id="stays off"),
        pytest.param(SILENT, [ZONE_OFF], ("stop", 0.0, "Barn", []), id="unknown is not off"),
        pytest.param(SILENT, [ZONE_ON], ("start", 0.0, "Attic", []), id="unknown is no load"),
        pytest.param(
            HEATER, [ZONE_OFF, ZONE_ON], ("start", 1_500.0, "Attic", ["Barn"]), id="two zones"
        ),
        pytest.param(HEATER, [ZONE_ON, HELD], ("stay_off", 0.0, "Ann", ["Attic"]), id="held off"),
        pytest.param(
            RUNS, [ZONE_OFF, HELD], ("keep_running", 1_500.0, "Ann", ["Barn"]), id="held on"
        ),
        pytest.param(
            RUNS,
            [ZONE_ON, HELD, PROTECTS],
            ("stop", 0.0, "Barn", ["Ann", "Attic"]),
            id="the battery first",
        ),
        pytest.param(
            HEATER,
            [replace(HELD, wanted=Wanted.ON), ZONE_OFF],
            ("start", 1_500.0, "Ann", ["Barn"]),
            id="asked on",
        ),
        pytest.param(
            HEATER, [AGENT_ON], ("stay_off", 0.0, "allocator", ["robot"]), id="an agent alone"
        ),
        pytest.param(
            RUNS, [AGENT_ON], ("keep_running", 1_500.0, "allocator", []), id="has what it wants"
        ),
    ],
)
def test_who_has_the_say_about_a_heater(
    heater: OtherLoad, proposals: list[Proposal], result: tuple[str, float, str, list[str]]
) -> None:
    for order in (proposals, proposals[::-1]):
        decision = allocate(ask(others=(heater,), proposals=tuple(order)))
        (load,) = decision.loads
        by, over = load.decided_by.by, load.over
        shown = (
            by.removeprefix("climate of "),
            [each.by.removeprefix("climate of ") for each in over],
        )
        assert (load.command.value, load.power_w, *shown) == result
        assert decision.budget.other_loads_w == result[1]
        assert load.urgent is (load.decided_by.actor is Actor.SAFETY)


def test_a_fan_takes_the_higher_speed() -> None:
    slow, fast = replace(ZONE_ON, speed=3), replace(ZONE_ON, by="climate of Barn", speed=8)
    (fan,) = allocate(ask(others=(HEATER,), proposals=(fast, slow))).loads
    assert (fan.speed, fan.decided_by.by, fan.over) == (8, "climate of Barn", ())


def test_of_what_nobody_wants_anything_nothing_is_decided() -> None:
    lamp = replace(HEATER, id="other")
    decision = allocate(ask(others=(HEATER, lamp), proposals=(ZONE_ON,)))
    assert [each.load_id for each in decision.loads] == ["h"]


def test_the_emergency_stop_outweighs_everybody() -> None:
    question = ask(others=(RUNS,), proposals=(ZONE_ON, HELD), emergency_stop=True)
    (load,) = allocate(question).loads
    assert (load.command.value, load.reason, load.urgent) == ("stop", "emergency_stop", True)
    assert load.decided_by.actor is Actor.SAFETY
    assert [each.by for each in load.over] == ["Ann", "climate of Attic"]
