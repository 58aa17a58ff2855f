"""What the zones want becomes proposals to the decision."""

from __future__ import annotations

from dataclasses import replace

import pytest

from energy.allocation.proposals import Proposal, Wanted
from energy.climate.zones import ZoneDecision, ZoneDecisions, ZoneReason
from energy.site.loads import Actor
from services.control.zone_proposals import zone_proposals

ATTIC = ZoneDecision(
    zone_id="attic",
    name="Attic",
    temperature_c=-2.0,
    reason=ZoneReason.HEATED,
    explanation="Attic is cold.",
)
FAN = replace(ATTIC, fan_device_id="fan", fan_on=True, fan_speed=4)
HEATER = replace(ATTIC, heater_device_id="heater", heater_on=True)
WANTED = Proposal(
    load_id="heater",
    actor=Actor.ALLOCATOR,
    by="climate of Attic",
    wanted=Wanted.ON,
    reason="heated",
    explanation="Attic is cold.",
)


@pytest.mark.parametrize(
    ("zone", "wanted"),
    [
        pytest.param(ATTIC, [], id="commands nothing"),
        pytest.param(FAN, [replace(WANTED, load_id="fan", speed=4)], id="a fan"),
        pytest.param(HEATER, [WANTED], id="a heater"),
        pytest.param(
            replace(HEATER, heater_on=False), [replace(WANTED, wanted=Wanted.OFF)], id="off"
        ),
        pytest.param(
            replace(HEATER, heater_on=False, heater_stop_protects="The battery is low."),
            [
                replace(
                    WANTED,
                    actor=Actor.SAFETY,
                    wanted=Wanted.OFF,
                    explanation="The battery is low.",
                )
            ],
            id="a stop that protects the battery",
        ),
        pytest.param(
            replace(ATTIC, heat_wanted_miner_ids=("s21",)),
            [replace(WANTED, load_id="s21", reason="heat_wanted")],
            id="a miner's heat",
        ),
    ],
)
def test_what_a_zone_wants(zone: ZoneDecision, wanted: list[Proposal]) -> None:
    assert list(zone_proposals(ZoneDecisions(zones=(zone,)))) == wanted
