"""Switches that do not keep the dead-man timer asked of them: said, and nothing more is sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from energy.alerts.conditions import evaluate
from energy.alerts.timing import AlertMemory
from energy.site.preferences import ControlLevel
from integrations.shelly.adapter import ShellySwitch
from services.actions.records import TimerFault
from services.alerting.alert_facts import FactsOfSite
from services.sites.records import ControlledLoad
from services.views.health import Health
from tests.fakes.clock import EPOCH
from tests.fakes.scripted_switch import Mode
from tests.fakes.shelly_relay import UNIX, client
from tests.fakes.sites.reference_site import SYSTEM_ID, Loop
from tests.fakes.sites.scripted_site import PRIMARY, ScriptedSite
from tests.fakes.vendor_http import Routes, answer

FIVE_MIN = 300.0


def keeps(asked_s: float) -> float | None:
    return asked_s


def ignores(_: float) -> float | None:
    return None


def lasts(seconds: float) -> Callable[[float], float | None]:
    return lambda _: seconds


async def minute(site: ScriptedSite) -> None:
    site.clock.advance(60.0)
    await site.see(load_w=1_850.0 + (3_878.0 if site.primary.relay else 0.0))
    await site.loop.control.run_cycle(SYSTEM_ID)
    await site.loop.execution.advance(SYSTEM_ID)


async def faults(site: ScriptedSite) -> list[TimerFault]:
    return list(await site.stores.timer_faults.faults(SYSTEM_ID))


def facts_of(site: ScriptedSite) -> FactsOfSite:
    stores = site.stores
    return FactsOfSite(
        snapshots=site.loop.snapshots,
        sites=stores.site,
        telemetry=stores.telemetry,
        memory=stores.memory,
        decisions=stores.decisions,
        actions=stores.actions,
        emergency_stops=stores.emergency_stops,
        timer_faults=stores.timer_faults,
    )


@pytest.fixture
async def primary_alone(site: ScriptedSite) -> ScriptedSite:
    """One load that runs; its timer is five minutes."""
    await site.prefer(dead_man_minutes=5.0)
    site.primary.flip(on=True)
    return site


async def test_a_switch_that_ignores_its_timer_is_told_and_not_switched_more_often(
    primary_alone: ScriptedSite,
) -> None:
    """(minute, what the switch makes of the timer, whether the fault is known, alerts)."""
    site, memory, seen = primary_alone, AlertMemory(), []
    for timer_of in (keeps, keeps, ignores, ignores, ignores, ignores, ignores, keeps, keeps):
        site.primary.timer_of = timer_of
        await minute(site)
        facts = await facts_of(site).gather(SYSTEM_ID, site.clock.now())
        open_now, memory = evaluate(facts, memory)
        titles = [alert.title for alert in open_now if alert.key.startswith("device_timer:")]
        seen.append((timer_of is keeps, len(await faults(site)), titles))
    told = ["Primary S21+ would not switch itself off"]
    assert seen == [
        (True, 0, []),
        (True, 0, []),
        (False, 0, []),  # what it showed before this refresh was the timer of the last one
        (False, 1, []),
        (False, 1, []),
        (False, 1, told),
        (False, 1, told),
        (True, 0, told),  # asked again after the refresh: a timer runs
        (True, 0, []),
    ]
    assert site.primary.commands == [("on", FIVE_MIN)] * 9


@pytest.mark.parametrize(
    ("timer_of", "reported_s"),
    [
        pytest.param(keeps, "kept", id="as asked"),
        pytest.param(ignores, None, id="none"),
        pytest.param(lasts(FIVE_MIN + 60.0), "kept", id="a minute longer is in time"),
        pytest.param(lasts(FIVE_MIN + 61.0), FIVE_MIN + 61.0, id="longer"),
        pytest.param(lasts(7_200.0), 7_200.0, id="two hours"),
        pytest.param(lasts(10.0), "kept", id="shorter errs to the safe side"),
    ],
)
async def test_what_a_switch_shows_after_a_start(
    site: ScriptedSite, timer_of: Callable[[float], float | None], reported_s: object
) -> None:
    await site.prefer(dead_man_minutes=5.0)
    site.primary.timer_of = timer_of
    action = await site.do()
    assert [word for word, _ in site.primary.commands] == ["on"], f"{action.result}"
    expected = [] if reported_s == "kept" else [(PRIMARY, EPOCH, FIVE_MIN, reported_s)]
    found = [(f.load_id, f.since, f.asked_s, f.reported_s) for f in await faults(site)]
    assert found == expected


async def test_a_refresh_that_is_refused_leaves_a_timer_that_runs_out_or_none_at_all(
    primary_alone: ScriptedSite,
) -> None:
    """``toggle_after`` is refused: first with a timer running, then with the load on by hand."""
    site, seen = primary_alone, []
    await minute(site)
    site.primary.mode = Mode.DEAF
    for _ in range(5):
        await minute(site)
        seen.append((site.primary.relay, len(await faults(site))))
    assert seen == [*[(True, 0)] * 4, (False, 0)], "it ends with its own timer"
    site.primary.flip(on=True)
    await minute(site)
    assert [fault.reported_s for fault in await faults(site)] == [None]


async def test_a_load_that_was_switched_on_by_hand_has_a_timer_after_the_first_refresh(
    primary_alone: ScriptedSite,
) -> None:
    await minute(primary_alone)
    assert (primary_alone.primary.commands, await faults(primary_alone)) == ([("on", FIVE_MIN)], [])


async def test_a_switch_that_falls_silent_after_its_refresh_is_no_fault(
    primary_alone: ScriptedSite,
) -> None:
    site = primary_alone

    def falls_silent() -> None:
        site.primary.mode = Mode.OFFLINE

    site.primary.timer_of, site.primary.when_commanded = ignores, falls_silent
    await minute(site)
    assert await faults(site) == []


@pytest.mark.parametrize(
    ("level", "has_timer"),
    [
        pytest.param(ControlLevel.OBSERVE, True, id="observe: no timer is asked for"),
        pytest.param(ControlLevel.AUTOMATIC, False, id="a switch that has none"),
    ],
)
async def test_where_no_timer_is_asked_for_none_is_missed(
    primary_alone: ScriptedSite, level: ControlLevel, *, has_timer: bool
) -> None:
    site = primary_alone
    await site.level(level)
    for load in await site.stores.site.loads(SYSTEM_ID):
        await site.stores.site.save_load(replace(load, has_timer=has_timer))
    site.primary.timer_of = ignores
    for _ in range(3):
        await minute(site)
    assert await faults(site) == []


async def test_automation_goes_on_with_a_load_whose_switch_keeps_no_timer(
    site: ScriptedSite,
) -> None:
    """As with one whose switch has none: the owner is told, nothing is blocked."""
    site.primary.timer_of = ignores
    await site.do()
    site.primary.flip(on=False)
    site.clock.advance(900.0)
    await site.see()
    assert len(await faults(site)) == 1
    assert (await site.wish()).result is None


@pytest.mark.parametrize(
    ("timer", "faults_known"),
    [
        pytest.param({}, 1, id="toggle_after is ignored"),
        pytest.param({"timer_started_at": UNIX, "timer_duration": 300.0}, 0, id="it runs"),
        pytest.param({"timer_started_at": UNIX, "timer_duration": 7_200.0}, 1, id="two hours"),
        pytest.param({"timer_started_at": UNIX, "timer_duration": 1e308}, 1, id="for ever"),
    ],
)
async def test_a_shelly_and_its_timer(timer: dict[str, float], faults_known: int) -> None:
    """Through the real driver."""
    site = await ScriptedSite().set_up()
    load = next(each for each in await site.stores.site.loads(SYSTEM_ID) if each.id == PRIMARY)
    shown = {
        "sys": {"mac": "A0B1", "unixtime": UNIX},
        "switch:0": {"output": True, "apower": 3_878.0, **timer},
    }
    device = Routes(
        **{
            "Shelly.GetStatus": lambda _: answer(shown),
            "Switch.Set": lambda _: answer({"was_on": True}),
        }
    )
    switch = ShellySwitch(client=client(device), clock=site.clock)

    class OneShelly:
        async def of(self, _: ControlledLoad) -> ShellySwitch:
            return switch

    loop = Loop(stores=site.stores, clock=site.clock, switches=OneShelly())
    assert await loop.execution.refresh_timers([load], FIVE_MIN) == []
    assert len(await faults(site)) == faults_known


async def test_health_and_alert_name_the_load(primary_alone: ScriptedSite) -> None:
    site = primary_alone
    load = next(each for each in await site.stores.site.loads(SYSTEM_ID) if each.id == PRIMARY)
    site.primary.timer_of = lasts(7_200.0)
    for _ in range(2):
        await minute(site)
    await site.stores.telemetry.record_poll(
        load.adapter_id, at=site.clock.now(), error=None, ms=3.0, caution="auto-on is set"
    )
    clause = "does not keep the auto-off timer: 5 min were asked for and it switches off in 2 h"
    health = Health(
        store_health=site.stores.health,
        sites=site.stores.site,
        telemetry=site.stores.telemetry,
        jobs=site.stores.jobs,
        timer_faults=site.stores.timer_faults,
        clock=site.clock,
    )

    async def warned() -> list[str]:
        report = await health.report()
        return [each["detail"] for each in report["components"] if "auto-" in each["detail"]]

    (detail,) = await warned()
    assert detail.startswith(f"answers, but auto-on is set; Primary S21+ {clause};")
    facts = await facts_of(site).gather(SYSTEM_ID, site.clock.now())
    assert [device.timer_fault for device in facts.devices if device.timer_fault] == [clause]
    await site.stores.site.save_load(replace(load, has_timer=False))
    facts = await facts_of(site).gather(SYSTEM_ID, site.clock.now())
    assert [device.timer_fault for device in facts.devices if device.timer_fault] == []
    (detail,) = await warned()
    assert detail.startswith("answers, but auto-on is set;")
