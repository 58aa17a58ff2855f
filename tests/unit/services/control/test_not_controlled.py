"""A miner whose control method is none: it is never commanded, and the decision says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from energy.allocation.decision import Command, Decision
from energy.allocation.explanation.sentences import Explanations
from energy.site.loads import Actor
from energy.site.miners import ControlMethod
from energy.site.reference_site import REFERENCE_MINERS
from services.actions.records import ActionStatus
from services.control.decided import decided
from tests.fakes.sites.reference_site import SYSTEM_ID
from tests.fakes.sites.scripted_site import DUMP, PRIMARY, ScriptedSite

HOUSE_W, DRAW_W = 1_850.0, 3_878.0


@pytest.fixture
async def site() -> ScriptedSite:
    made = await ScriptedSite().set_up()
    await uncontrolled(made)
    return made


async def uncontrolled(site: ScriptedSite) -> None:
    for stored in await site.stores.settings.miners(SYSTEM_ID):
        if stored.value.device_id == str(PRIMARY):
            await site.stores.settings.save_miner(
                SYSTEM_ID,
                replace(stored.value, control_method=ControlMethod.NONE),
                expected_version=stored.version,
                actor="owner",
            )


async def cycles(site: ScriptedSite, minutes: int, **seen: Any) -> Decision:
    for _ in range(minutes):
        site.clock.advance(60.0)
        await site.see(**seen)
        await site.loop.control.run_cycle(SYSTEM_ID)
    record = await site.stores.decisions.latest(SYSTEM_ID)
    assert record is not None
    return decided(record).decision


async def test_it_is_not_started(site: ScriptedSite) -> None:
    decision = await cycles(site, 10)
    primary = decision.miners[0]
    words = Explanations(decision).of(primary)
    assert (primary.command, words.explanation, words.would_change) == (
        Command.STAY_OFF,
        "Not switched: its control method is none.",
        "another control method in its settings",
    )
    assert site.primary.commands == []


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param({}, id="nothing is against it"),
        pytest.param({"voltage_v": 46.0}, id="below its stop voltage"),
        pytest.param({"voltage_v": 44.5}, id="critical voltage"),
        pytest.param({"pv_w": 0.0, "voltage_v": 48.0}, id="no sun"),
    ],
)
async def test_it_is_neither_stopped_nor_is_its_timer_armed(
    site: ScriptedSite, seen: dict[str, Any]
) -> None:
    """Its watts are the house's."""
    site.primary.flip(on=True)
    decision = await cycles(site, 20, load_w=HOUSE_W + DRAW_W, **seen)
    assert (decision.miners[0].command, decision.miners[0].power_w) == (Command.KEEP_RUNNING, 0.0)
    assert decision.budget.base_load_w == HOUSE_W + DRAW_W
    assert site.primary.commands == []


async def test_telemetry_lost_does_not_command_it(site: ScriptedSite) -> None:
    site.primary.flip(on=True)
    await cycles(site, 2, load_w=HOUSE_W + DRAW_W)
    site.clock.advance(timedelta(hours=2).total_seconds())
    await site.loop.control.run_cycle(SYSTEM_ID)
    site.clock.advance(600.0)
    await site.loop.control.run_cycle(SYSTEM_ID)
    assert site.primary.commands == []


@pytest.mark.parametrize("actor", [Actor.OWNER, Actor.ALLOCATOR, Actor.RULE])
async def test_nobody_switches_it_by_us(site: ScriptedSite, actor: Actor) -> None:
    """A start by hand would end with the timer that nobody refreshes."""
    blocked = await site.wish(actor=actor)
    assert (blocked.status, blocked.result) == (
        ActionStatus.BLOCKED,
        "Primary S21+ is not switched by us: its control method is none.",
    )
    assert site.primary.commands == []


async def test_the_emergency_stop_switches_every_switch(site: ScriptedSite) -> None:
    site.primary.flip(on=True)
    await site.pass_minutes(2)
    state = await site.loop.emergency.latch(SYSTEM_ID, by="ann", reason="smoke")
    assert (site.primary.relay, state.not_stopped) == (False, ())


async def test_the_other_miner_is_decided_as_ever(site: ScriptedSite) -> None:
    decision = await cycles(site, 10)
    assert site.switches[DUMP].commands == []
    assert decision.budget.total_w == 11_600.0
    assert len(decision.miners) == len(REFERENCE_MINERS)
