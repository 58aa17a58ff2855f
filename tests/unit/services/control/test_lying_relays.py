"""Relays that tell the opposite of what they do: off while watts flow, on while none do."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from energy.alerts.conditions import watches
from energy.alerts.facts import AlertFacts, DeviceFact, StopFact
from energy.allocation.decision import Command, Decision
from energy.allocation.explanation.sentences import Explanations
from energy.site.preferences import Preferences
from services.actions.records import ActionStatus
from services.control.decided import decided
from services.telemetry.records import LoadSample
from tests.fakes.clock import EPOCH
from tests.fakes.scripted_switch import Mode
from tests.fakes.sites.control_cycles import decided_of
from tests.fakes.sites.reference_site import SYSTEM_ID
from tests.fakes.sites.scripted_site import PRIMARY, ScriptedSite

HOUSE_W, DRAW_W = 1_850.0, 3_878.0


async def cycles(site: ScriptedSite, minutes: int, **seen: Any) -> Decision:
    """Minutes with a poll, a cycle and what is under way settled; the last decision."""
    for _ in range(minutes):
        site.clock.advance(60.0)
        await site.see(**seen)
        await site.loop.control.run_cycle(SYSTEM_ID)
        await site.loop.execution.advance(SYSTEM_ID)
    return await decided_of(site)


async def failures(site: ScriptedSite, load_id: UUID = PRIMARY) -> list[str | None]:
    page = await site.stores.actions.page(SYSTEM_ID, before=None, limit=99, load_id=load_id)
    return [action.result for action in page if action.status is ActionStatus.FAILED]


async def test_stop_says_what_is_not_stopped(site: ScriptedSite) -> None:
    """A welded relay: the switch says off, the miner hashes on."""
    site.primary.flip(on=True)
    site.primary.mode = Mode.WELDED
    await cycles(site, 2, load_w=HOUSE_W + DRAW_W)
    state = await site.loop.emergency.latch(SYSTEM_ID, by="ann", reason="smoke")
    assert state.not_stopped == ("Primary S21+",)
    await cycles(site, 3, load_w=HOUSE_W + DRAW_W)
    assert (await failures(site))[0] == "The watts did not follow: 3 878 W after 1 min."


async def test_stop_says_so_although_the_relay_said_off_before(site: ScriptedSite) -> None:
    site.primary.mode = Mode.WELDED
    await cycles(site, 2, load_w=HOUSE_W + DRAW_W)
    sent = len(site.primary.commands)
    state = await site.loop.emergency.latch(SYSTEM_ID, by="ann", reason="smoke")
    assert state.not_stopped == ("Primary S21+",)
    assert len(site.primary.commands) > sent
    await cycles(site, 3, load_w=HOUSE_W + DRAW_W)
    assert "The watts did not follow: 3 878 W after 1 min." in await failures(site)


@pytest.mark.parametrize(
    ("mode", "not_stopped"),
    [
        pytest.param(Mode.OK, (), id="obeys"),
        pytest.param(Mode.IGNORES, ("Primary S21+",), id="stays on"),
        pytest.param(Mode.OFFLINE, ("Primary S21+",), id="silent"),
        pytest.param(Mode.DEAF, ("Primary S21+",), id="refuses commands"),
        pytest.param(Mode.WELDED, ("Primary S21+",), id="welded"),
    ],
)
async def test_what_stop_says_of(
    site: ScriptedSite, mode: Mode, not_stopped: tuple[str, ...]
) -> None:
    site.primary.flip(on=True)
    await site.pass_minutes(2)
    site.primary.mode = mode
    state = await site.loop.emergency.latch(SYSTEM_ID, by="ann", reason="smoke")
    assert state.not_stopped == not_stopped


async def test_watts_of_a_load_that_is_off_are_counted(site: ScriptedSite) -> None:
    """Nobody may spend them again, and what shows two states is not started."""
    site.primary.mode = Mode.WELDED
    decision = await cycles(site, 10, load_w=HOUSE_W + DRAW_W)
    assert decision.budget.base_load_w == HOUSE_W + DRAW_W
    assert decision.budget.solar_surplus_w == 8_450.0 - HOUSE_W - DRAW_W
    primary = decision.miners[0]
    assert primary.command is Command.STAY_OFF
    words = Explanations(decision).of(primary)
    assert "its switch says off, and it draws 3 878 W" in words.explanation
    assert site.primary.commands == []


async def test_a_critical_battery_commands_it_off_again(site: ScriptedSite) -> None:
    site.primary.mode = Mode.WELDED
    await cycles(site, 2, load_w=HOUSE_W + DRAW_W)
    await cycles(site, 1, load_w=HOUSE_W + DRAW_W, voltage_v=44.8)
    assert site.primary.commands == [("off", None)]


async def test_watts_that_stop_after_a_moment_are_no_lie(site: ScriptedSite) -> None:
    """The inverter's load is older than the relay: what ran then is taken out of it."""
    site.primary.flip(on=True)
    await cycles(site, 5, load_w=HOUSE_W + DRAW_W)
    site.primary.flip(on=False)
    site.clock.advance(1.0)
    await site.stores.telemetry.append(
        [LoadSample(device_id=PRIMARY, at=site.clock.now(), is_on=False, power_w=0.0)]
    )
    record = await site.loop.control.run_cycle(SYSTEM_ID)
    assert decided(record).decision.budget.base_load_w == HOUSE_W


async def test_watts_from_before_the_switch_say_nothing_of_it(site: ScriptedSite) -> None:
    """The relay is told at once, the meter with the next poll."""
    site.primary.flip(on=True)
    await cycles(site, 5, load_w=HOUSE_W + DRAW_W)
    site.primary.flip(on=False)
    site.clock.advance(1.0)
    await site.stores.telemetry.append(
        [LoadSample(device_id=PRIMARY, at=site.clock.now(), is_on=False, power_w=None)]
    )
    record = await site.loop.control.run_cycle(SYSTEM_ID)
    assert decided(record).decision.budget.base_load_w == HOUSE_W


async def test_on_and_without_watts_for_hours(site: ScriptedSite) -> None:
    """Its power stays reserved, because it may draw it any minute; the owner is told."""
    site.primary.flip(on=True)
    await cycles(site, 20, load_w=HOUSE_W + DRAW_W)
    site.primary.mode = Mode.NO_WATTS
    decision = await cycles(site, 120, load_w=HOUSE_W)
    assert decision.budget.base_load_w == HOUSE_W
    assert decision.miners[0].command is Command.KEEP_RUNNING
    assert decision.budget.allocated_w >= DRAW_W
    state = await site.loop.emergency.latch(SYSTEM_ID, by="ann", reason="smoke")
    assert (state.not_stopped, site.primary.relay) == ((), False)


@pytest.mark.parametrize(
    ("fact", "key", "told"),
    [
        pytest.param({"is_on": False, "power_w": 3_878.0}, "device_leaks", True, id="off, draws"),
        pytest.param({"is_on": False, "power_w": 20.0}, "device_leaks", False, id="off, standby"),
        pytest.param({"is_on": False, "power_w": None}, "device_leaks", False, id="off, no meter"),
        pytest.param({"is_on": True, "power_w": 40.0}, "device_idle", True, id="on, no watts"),
        pytest.param({"is_on": True, "power_w": 3_000.0}, "device_idle", False, id="on, draws"),
        pytest.param({"is_on": True, "power_w": None}, "device_idle", False, id="on, no meter"),
        pytest.param({"is_on": False, "power_w": 0.0}, "device_idle", False, id="off, no watts"),
    ],
)
def test_the_owner_is_told(fact: dict[str, Any], key: str, *, told: bool) -> None:
    device = DeviceFact(id="1", name="S21", rated_w=DRAW_W, is_miner=True, **fact)
    facts = AlertFacts(at=EPOCH, preferences=Preferences(), devices=(device,))
    (watch,) = [watch for watch in watches(facts) if watch.key == f"{key}:1"]
    assert watch.holds is told


def test_a_heater_has_its_own_thermostat() -> None:
    device = DeviceFact(id="1", name="Heater", rated_w=1_500.0, is_on=True, power_w=0.0)
    facts = AlertFacts(at=EPOCH, preferences=Preferences(), devices=(device,))
    assert not any(watch.holds for watch in watches(facts))


@pytest.mark.parametrize(
    ("fact", "words"),
    [
        pytest.param({"is_on": False, "power_w": 0.0}, "All loads are off.", id="off"),
        pytest.param({"is_on": True, "power_w": 0.0}, "Not off: S21.", id="on"),
        pytest.param({"is_on": False, "power_w": 3_878.0}, "Not off: S21.", id="off, draws"),
        pytest.param({"is_on": None, "power_w": None}, "Not off: S21.", id="silent"),
        pytest.param(
            {"is_on": False, "power_w": None, "silent_s": 601.0}, "Not off: S21.", id="off once"
        ),
    ],
)
def test_the_alert_of_a_stop_says_what_is_not_off(fact: dict[str, Any], words: str) -> None:
    device = DeviceFact(id="1", name="S21", rated_w=DRAW_W, is_miner=True, **fact)
    facts = AlertFacts(
        at=EPOCH,
        preferences=Preferences(),
        devices=(device,),
        emergency_stop=StopFact(by="ann", reason="smoke"),
    )
    stop = next(iter(watches(facts)))
    assert stop.detail == f"Latched by ann: smoke. {words}"
