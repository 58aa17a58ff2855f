"""What protects the battery is neither held, asked about nor delayed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from energy.site.loads import Actor
from energy.site.preferences import ControlLevel
from services.actions.records import ActionStatus
from services.control.switch_requests import NOT_SENT, staying_on
from tests.fakes.scripted_switch import Mode
from tests.fakes.sites.control_cycles import actions, cycles
from tests.fakes.sites.reference_site import SYSTEM_ID
from tests.fakes.sites.scripted_site import FAN, HEATER, PRIMARY, ScriptedSite


async def test_a_protective_stop_is_sent_although_the_cycle_has_started_the_load(
    site: ScriptedSite,
) -> None:
    await cycles(site, 5)
    site.clock.advance(60.0)
    await site.see()
    due_at = site.clock.now()
    await site.loop.control.run_cycle(SYSTEM_ID, due_at=due_at)
    site.clock.advance(1.0)
    await site.see(voltage_v=44.9, load_w=5_728.0)
    await site.loop.control.run_cycle(SYSTEM_ID, due_at=due_at)
    assert not site.primary.relay


@pytest.mark.parametrize("level", [ControlLevel.AUTOMATIC, ControlLevel.APPROVE])
async def test_a_miner_below_its_stop_voltage_is_not_held_asked_about_or_delayed(
    site: ScriptedSite, level: ControlLevel
) -> None:
    """Started by hand a moment ago: the hold and the minimum on time would keep it running."""
    await site.level(level)
    await site.do(actor=Actor.OWNER)
    await cycles(site, 2, pv_w=0.0, load_w=5_728.0, voltage_v=46.9)
    assert site.primary.relay, "for two minutes it may be a dip"
    await cycles(site, 1, pv_w=0.0, load_w=5_728.0, voltage_v=46.9)
    stop = (await actions(site))[-1]
    assert (stop.actor, stop.reason, stop.urgent, stop.status) == (
        Actor.SAFETY,
        "below_stop_voltage",
        True,
        ActionStatus.DONE,
    )
    assert not site.primary.relay


@pytest.mark.parametrize("level", [ControlLevel.AUTOMATIC, ControlLevel.APPROVE])
@pytest.mark.parametrize("room_c", [20.0, -1.0], ids=["comfortable", "cold"])
async def test_a_heater_at_critical_voltage_is_not_held_asked_about_or_delayed(
    site: ScriptedSite, level: ControlLevel, room_c: float
) -> None:
    await site.level(level)
    await site.do(HEATER, actor=Actor.OWNER)
    await cycles(site, 1, voltage_v=45.0, room_c=room_c)
    stop = (await actions(site))[-1]
    assert (stop.load_id, stop.actor, stop.urgent, stop.status) == (
        HEATER,
        Actor.SAFETY,
        True,
        ActionStatus.DONE,
    )
    assert not site.switches[HEATER].relay


async def test_critical_voltage_stops_at_once_whatever_holds(site: ScriptedSite) -> None:
    await site.level(ControlLevel.APPROVE)
    await site.do(actor=Actor.OWNER)
    await cycles(site, 1, voltage_v=45.0, load_w=5_728.0)
    assert not site.primary.relay
    stop = (await actions(site))[-1]
    assert (stop.actor, stop.reason, stop.urgent, stop.status) == (
        Actor.SAFETY,
        "voltage_critical",
        True,
        ActionStatus.DONE,
    )


async def test_a_protective_stop_that_fails_is_left_to_the_timer(site: ScriptedSite) -> None:
    await cycles(site, 6)
    site.primary.mode = Mode.DEAF
    await cycles(site, 3, voltage_v=44.0, load_w=5_728.0)
    assert [a.status for a in await actions(site)][1:] == [ActionStatus.FAILED] * 3
    assert site.primary.relay
    site.clock.advance(180.0)
    assert not site.primary.relay


@pytest.mark.parametrize("status", sorted(NOT_SENT))
@pytest.mark.parametrize("urgent", [True, False], ids=["protective", "for the budget"])
async def test_no_timer_is_refreshed_while_a_protective_stop_is_due(
    site: ScriptedSite, status: ActionStatus, *, urgent: bool
) -> None:
    """Though the stop was not sent, because another is under way that may have hung."""
    await site.do()
    site.clock.advance(60.0)
    await site.see(load_w=5_728.0)
    memory = await site.stores.memory.load(SYSTEM_ID)
    built = await site.loop.snapshots.build(SYSTEM_ID, site.clock.now(), memory)
    stop = await site.wish(target_on=False, urgent=urgent)
    kept = staying_on(built, [stop], [replace(stop, status=status)])
    assert [load.id for load in kept] == ([] if urgent else [PRIMARY])


async def test_the_emergency_stop_ends_everything_even_when_observing(site: ScriptedSite) -> None:
    await site.level(ControlLevel.OBSERVE)
    for load_id in (PRIMARY, FAN, HEATER):
        site.switches[load_id].flip(on=True)
    await site.stores.emergency_stops.latch(
        SYSTEM_ID, at=site.clock.now(), by="owner", reason="smoke"
    )
    await cycles(site, 1)
    assert [switch.relay for switch in site.switches.values()] == [False] * 6
    assert {action.reason for action in await actions(site)} == {"emergency_stop"}
    assert len(await actions(site)) == 3, "what is off is left alone"
