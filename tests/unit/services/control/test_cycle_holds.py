"""What others want of a load: held, asked for and agreed to, and who has the say."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from energy.allocation.decision import Command
from energy.allocation.proposals import Wanted, Winner
from energy.site.loads import Actor
from energy.site.preferences import ControlLevel
from services.actions.records import ActionStatus
from tests.fakes.sites.control_cycles import actions, cycles, decided_of, miner
from tests.fakes.sites.reference_site import SYSTEM_ID
from tests.fakes.sites.scripted_site import DUMP, FAN, ScriptedSite


async def disable_primary(site: ScriptedSite) -> None:
    stored = (await site.stores.settings.miners(SYSTEM_ID))[0]
    await site.stores.settings.save_miner(
        SYSTEM_ID, replace(stored.value, enabled=False), expected_version=None, actor="owner"
    )


async def test_a_stop_that_waits_for_approval_is_not_made_by_the_timer(site: ScriptedSite) -> None:
    await cycles(site, 6)
    await site.level(ControlLevel.APPROVE)
    await disable_primary(site)
    await cycles(site, 20, load_w=5_728.0)
    stop = (await actions(site))[-1]
    assert (stop.target_on, stop.status) == (False, ActionStatus.PENDING)
    assert site.primary.relay


async def test_a_stop_that_a_manual_hold_blocks_is_not_made_by_the_timer(
    site: ScriptedSite,
) -> None:
    """The decision itself says who holds it; nothing is proposed that safety has to block."""
    await site.do(actor=Actor.OWNER)
    until = site.clock.now() + timedelta(minutes=60)
    await disable_primary(site)
    await cycles(site, 30, load_w=5_728.0)
    assert len(await actions(site)) == 1
    assert site.primary.relay
    record = await site.stores.decisions.latest(SYSTEM_ID)
    assert record is not None
    held = miner(record.document)
    local = until.astimezone(ZoneInfo("America/Los_Angeles"))
    assert (held["command"], held["reason"]) == ("keep_running", "held")
    assert held["explanation"] == (
        f"Keeps running: held by owner until {local:%H:%M}, against: disabled."
    )
    await cycles(site, 30, load_w=5_728.0)
    assert not site.primary.relay, "after the hold the loop stops it"


async def test_what_the_owner_switched_off_stays_off_and_the_decision_says_why(
    site: ScriptedSite,
) -> None:
    await cycles(site, 6)
    await cycles(site, 20, load_w=5_728.0)
    await site.do(target_on=False, actor=Actor.OWNER)
    await cycles(site, 59)
    record = await site.stores.decisions.latest(SYSTEM_ID)
    assert record is not None
    held = miner(record.document)
    assert (held["command"], held["reason"]) == ("stay_off", "held")
    assert held["explanation"].startswith("Off: held by owner until ")
    told = await site.loop.what_if.allocate(SYSTEM_ID, {})
    assert told.miners[0].reason.code.value == "held", "a what-if knows it as well"
    assert not site.primary.relay
    await cycles(site, 1)
    assert site.primary.relay


async def test_a_fan_that_the_owner_keeps_off_takes_nothing_of_the_budget(
    site: ScriptedSite,
) -> None:
    """The decision says who keeps it off, and proposes nothing that safety has to block."""
    await site.do(FAN, actor=Actor.OWNER)
    await site.pass_minutes(1)
    await site.do(FAN, target_on=False, actor=Actor.OWNER)
    sent = len(await actions(site))
    await cycles(site, 1, room_c=41.0)
    decision = await decided_of(site)
    (fan,) = [each for each in decision.loads if each.load_id == str(FAN)]
    assert (fan.command, fan.decided_by) == (
        Command.STAY_OFF,
        Winner(actor=Actor.OWNER, by="owner"),
    )
    assert fan.explanation == "Switched off by owner."
    assert [(each.by, each.wanted) for each in fan.over] == [("climate of Heat Room", Wanted.ON)]
    assert decision.budget.other_loads_w == 0.0
    assert len(await actions(site)) == sent
    assert not site.switches[FAN].relay
    zones = (await site.loop.live.now(SYSTEM_ID))["zones"]
    shown = next(each for each in zones if each["name"] == "Heat Room")
    assert shown["fan_on"] is False
    assert shown["explanation"].endswith(f"{fan.name} is to be off: Switched off by owner.")


async def test_what_an_agent_asks_for_is_told_and_waits_for_the_owner(site: ScriptedSite) -> None:
    asked = await site.wish(DUMP, actor=Actor.AGENT)
    await cycles(site, 1)
    dump = (await decided_of(site)).miners[1]
    assert (dump.command, dump.reason.code.value) == ("stay_off", "below_start_voltage")
    record = await site.stores.decisions.latest(SYSTEM_ID)
    assert record is not None
    told = miner(record.document, 1)
    assert told["decided_by"] == {"actor": "allocator", "by": "allocator"}
    assert [(each["actor"], each["wanted"]) for each in told["over"]] == [("agent", "on")]
    assert (await site.now(asked)).status is ActionStatus.PENDING


async def test_what_the_owner_agreed_to_is_the_decisions_own_and_held(site: ScriptedSite) -> None:
    """The load is below its start voltage: the loop neither waits for that nor undoes it."""
    await site.prefer(night_reserve_enabled=False)
    asked = await site.wish(DUMP, actor=Actor.AGENT)
    await site.loop.proposals.approve(asked.id, by="owner")
    await cycles(site, 1)
    dump = (await decided_of(site)).miners[1]
    assert (dump.command, dump.reason.code.value) == ("start", "asked_on")
    assert len(await actions(site)) == 1, "it is carried out by the action that asked"
    await site.loop.execution.advance(SYSTEM_ID)
    assert site.switches[DUMP].relay
    await cycles(site, 5, voltage_v=53.0, load_w=5_000.0)
    assert site.switches[DUMP].relay
    dump = (await decided_of(site)).miners[1]
    assert dump.command is Command.KEEP_RUNNING
    stop = await site.wish(DUMP, target_on=False)
    assert stop.status is ActionStatus.BLOCKED
    assert "by hand" in (stop.result or ""), "safety knows the hold as well"
    await cycles(site, 1, voltage_v=44.0)
    assert not site.switches[DUMP].relay, "nobody's word holds it at a critical voltage"


async def test_the_cycle_does_not_contradict_a_stop_that_is_asked_for(site: ScriptedSite) -> None:
    await cycles(site, 6)
    assert site.primary.relay
    await cycles(site, 20, load_w=5_728.0)
    asked = await site.wish(target_on=False, actor=Actor.OWNER)
    await cycles(site, 1, load_w=5_728.0)
    decision = await decided_of(site)
    assert (decision.miners[0].command, decision.miners[0].reason.code.value) == (
        "stop",
        "asked_off",
    )
    assert (await actions(site))[-1].id == asked.id


@pytest.mark.parametrize(
    ("minutes", "status"),
    [
        pytest.param(179, ActionStatus.BLOCKED, id="a minute before its end"),
        pytest.param(180, ActionStatus.PROPOSED, id="over"),
    ],
)
async def test_a_hold_of_three_hours_lasts_three_hours(
    site: ScriptedSite, minutes: int, status: ActionStatus
) -> None:
    """Longer than the hour in which switches are counted."""
    await site.prefer(manual_hold_minutes=180.0)
    site.switches[FAN].flip(on=True)
    site.clock.advance(60.0)
    await site.see()
    held = await site.do(FAN, target_on=False, actor=Actor.OWNER)
    assert held.status is ActionStatus.DONE
    site.clock.advance(minutes * 60.0)
    await site.see()
    asked = await site.wish(FAN, actor=Actor.ALLOCATOR)
    assert asked.status is status, asked.result
