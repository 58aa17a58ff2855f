"""Questions without side effects, and decisions decided again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from energy.allocation.decision import Command
from energy.allocation.explanation.decision_codec import decision_json
from services.errors import Invalid, NotFound
from tests.fakes.sites.allocator_site import outcomes
from tests.fakes.sites.reference_site import SYSTEM_ID
from tests.fakes.sites.scripted_site import ScriptedSite

WORKED_EXAMPLE = {
    "snapshot": {"battery_voltage_v": 52.3, "pv_power_w": 8_450, "load_power_w": 1_850},
    "preferences": {"operating_mode": "balanced"},
    "miners": [{"name": "Primary S21+ (Revenue)", "state": {"is_on": False}}],
}


async def test_the_worked_example(site: ScriptedSite) -> None:
    await site.pass_minutes(3, voltage_v=47.0, pv_w=0.0)
    answer = await site.loop.what_if.allocate(SYSTEM_ID, WORKED_EXAMPLE)
    assert answer.budget.total_w == 11_600.0
    assert outcomes(answer) == [
        ("start", "eligible"),
        ("stay_off", "below_start_voltage"),
    ]


async def test_the_site_as_it_is(site: ScriptedSite) -> None:
    answer = await site.loop.what_if.allocate(SYSTEM_ID, {})
    assert answer.budget.raw_voltage_v == 52.3
    assert answer.miners[0].command is Command.START
    assert await site.stores.decisions.count(SYSTEM_ID) == 0
    assert site.stores.events.published == []


async def test_a_latched_emergency_stop_rules_here_too(site: ScriptedSite) -> None:
    await site.loop.emergency.latch(SYSTEM_ID, by="ann", reason="smoke")
    answer = await site.loop.what_if.allocate(SYSTEM_ID, WORKED_EXAMPLE)
    assert {reason for _, reason in outcomes(answer)} == {"emergency_stop"}


@pytest.mark.parametrize(
    ("document", "paths"),
    [
        pytest.param({"voltage": 52}, ["voltage"], id="unknown field"),
        pytest.param(
            {"preferences": {"battery_capacity_wh": -1.0}},
            ["preferences.battery_capacity_wh"],
            id="a preference that breaks a rule",
        ),
        pytest.param(
            {"miners": [{"name": "New", "power_draw_watts": 100, "hashrate_ths": -1.0}]},
            ["miners[New].hashrate_ths"],
            id="a miner that breaks a rule",
        ),
    ],
)
async def test_bad_documents(
    site: ScriptedSite, document: dict[str, Any], paths: list[str]
) -> None:
    with pytest.raises(Invalid) as refused:
        await site.loop.what_if.allocate(SYSTEM_ID, document)
    assert [path for path, _ in refused.value.problems] == paths


async def test_a_stored_decision_replays_to_the_identical_document(site: ScriptedSite) -> None:
    for _ in range(7):
        await site.pass_minutes(1)
        await site.loop.control.run_cycle(SYSTEM_ID)
    record = await site.stores.decisions.latest(SYSTEM_ID)
    assert record is not None
    replayed = await site.loop.what_if.replay(record.id)
    assert replayed.identical
    assert replayed.record == record
    assert decision_json(replayed.replayed) == record.document["allocation"]


async def test_a_decision_that_does_not_exist(site: ScriptedSite) -> None:
    with pytest.raises(NotFound, match="decision"):
        await site.loop.what_if.replay(UUID(int=1))
