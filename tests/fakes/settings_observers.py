"""Who can see what a setting changes: each observer gives all that it sees, to be compared."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from uuid import UUID

from agents.builtin.answers import say
from agents.builtin.reply import Reply
from agents.context.site_context import fact_lines
from commandcenter.wiring import seed
from energy.alerts.conditions import evaluate
from energy.alerts.facts import AlertFacts, IdleMinerFact
from energy.alerts.timing import AlertMemory
from energy.allocation.allocator import allocate
from energy.allocation.decision import AllocationInput, Decision
from energy.allocation.explanation.sentences import Explanations
from energy.battery.calibration import soc_pct
from energy.climate.heating import HvacHints
from energy.climate.zones import HvacMemory, control_zones
from energy.site.display import display_of
from energy.site.loads import Actor, Zone
from energy.site.miners import ControlMemory, Learned, MinerMode, MinerProfile, MinerState
from energy.site.preferences import ControlLevel, Preferences
from energy.site.reference_site import REFERENCE_MINERS, REFERENCE_ZONES
from energy.site.snapshot import Link, Reading, Sky, Snapshot
from services.alerting.alerts import Changes, in_owners_units, occasions
from services.alerting.notifications import Targets
from services.alerting.records import Alert, Severity
from services.telemetry.rollup import Rollup
from tests.fakes.clock import EPOCH
from tests.fakes.sites.allocator_site import NOON
from tests.fakes.sites.reference_site import SYSTEM_ID
from tests.fakes.sites.scripted_site import PRIMARY, ScriptedSite

ROOM = replace(
    REFERENCE_ZONES[0],
    exhaust_fan_device_id=str(seed.FAN_1.load_id),
    heater_device_id=str(seed.HEATER_1.load_id),
)
PROFILE = replace(REFERENCE_MINERS[0], zone_id=ROOM.id)
SMALL = MinerProfile(
    id="10000000-0000-0000-0000-0000000000a1",
    name="Small",
    power_draw_watts=800.0,
    start_voltage=49.0,
    stop_voltage=47.5,
    emergency_stop_voltage=45.0,
)
OTHERS = (
    REFERENCE_MINERS[1],
    replace(SMALL, id="10000000-0000-0000-0000-0000000000a2", name="Balanced 1", priority_level=2),
    replace(SMALL, id="10000000-0000-0000-0000-0000000000a3", name="Balanced 2", priority_level=6),
    replace(
        SMALL,
        id="10000000-0000-0000-0000-0000000000a4",
        name="Aggressive 2",
        priority_level=4,
        operating_mode=MinerMode.AGGRESSIVE,
    ),
    replace(
        SMALL,
        id="10000000-0000-0000-0000-0000000000a5",
        name="Sun alone",
        priority_level=9,
        operating_mode=MinerMode.OPPORTUNISTIC,
    ),
)
"""What runs beside the miner: each mode, in several ranks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OneSite:
    """One owner's preferences, one miner beside another, one room."""

    preferences: Preferences = field(default_factory=Preferences)
    miner: MinerProfile = PROFILE
    zone: Zone = ROOM


# --- decisions ------------------------------------------------------------------------------------

SEEN_V = (41.5, 43.5, 45.5, 46.95, *(48.0 + 0.5 * step for step in range(15)), 57.7, 58.6, 61.5)
SUN_W = (0.0, 1_000.0, 5_500.0, 8_450.0)
SKY = Sky(
    clear_sky_w=9_000.0,
    sunny=True,
    night_hours=9.0,
    sun_to_come_wh=6_000.0,
    next_day_hours=11.0,
    next_day_clear_wh=70_000.0,
    sun_carries_base_load=True,
)
LEARNED = Learned(resistance_ohm=0.01, clear_sky_ratio=0.9, mean_base_load_w=800.0)


def pictures() -> Iterator[tuple[Snapshot, bool]]:
    """Snapshots with whether the miners run."""
    ages = ((0.0, Link.CLOUD), (70.0, Link.LOCAL), (400.0, Link.LOCAL), (700.0, Link.CLOUD))
    for volts, sun_w, runs in itertools.product(SEEN_V, SUN_W, (False, True)):
        yield picture(volts, sun_w, runs=runs), runs
    for (age_s, link), runs in itertools.product((*ages, (2_000.0, Link.CLOUD)), (False, True)):
        yield picture(53.2, 8_450.0, runs=runs, age_s=age_s, link=link), runs
    yield picture(53.2, 8_450.0, runs=True, grid_w=900.0), True
    yield picture(53.2, 0.0, runs=False, house_w=9_000.0), False
    yield replace(picture(49.5, 0.0, runs=False), sky=Sky()), False
    yield replace(picture(49.5, 0.0, runs=False), sky=Sky(), load_power_w=None), False


def picture(
    volts: float,
    sun_w: float,
    *,
    runs: bool,
    age_s: float = 0.0,
    link: Link = Link.CLOUD,
    grid_w: float = 0.0,
    house_w: float = 900.0,
) -> Snapshot:
    drawn_w = sum(miner.power_draw_watts for miner in (PROFILE, *OTHERS)) if runs else 0.0

    def reading(value: float) -> Reading:
        return Reading(value=value, age_s=age_s, link=link)

    return Snapshot(
        at=NOON,
        battery_voltage_v=reading(volts),
        battery_current_a=reading(10.0),
        pv_power_w=reading(sun_w),
        load_power_w=reading(house_w + drawn_w),
        grid_power_w=reading(grid_w),
        sky=SKY,
    )


def question(settings: OneSite, seen: Snapshot, *, runs: bool) -> AllocationInput:
    miners = (settings.miner, *OTHERS)
    states = tuple(
        MinerState(
            miner_id=miner.id,
            is_on=runs,
            power_w=(PROFILE, *OTHERS)[place].power_draw_watts if runs else 0.0,
            runtime_today_s=7 * 3_600.0,
        )
        for place, miner in enumerate(miners)
    )
    return AllocationInput(
        snapshot=seen,
        preferences=settings.preferences,
        miners=miners,
        states=states,
        learned=LEARNED,
        conditions_have_held=True,
    )


def outcome(decision: Decision) -> object:
    told = [(m.command, m.reason, said) for m, said in Explanations(decision).all()]
    return decision.budget, told, decision.limits


async def decisions(settings: OneSite) -> object:
    """What is decided at many voltages, suns and ages, with the sentences."""
    asked = [question(settings, seen, runs=runs) for seen, runs in pictures()]
    of_a_new_site = [
        replace(each, learned=Learned(), snapshot=replace(each.snapshot, load_power_w=None))
        for each in asked[:: len(asked) // 8]
    ]
    return [outcome(allocate(each)) for each in (*asked, *of_a_new_site)]


async def later_decisions(settings: OneSite) -> object:
    """What is decided from minute to minute as the voltage and the sun come and go."""
    course = [
        *(((55.0, 12_000.0, 10.0),) * 24),
        *(((54.0, 500.0, -60.0),) * 34),
        *(((46.5, 3_000.0, -60.0),) * 8),
        *(((55.0, 9_500.0, 20.0),) * 16),
        *(((57.7, 6_000.0, 4.0),) * 30),
        *(((55.0, 6_000.0, 2.0),) * 30),
    ]
    miners, memory, told = (settings.miner, *OTHERS), ControlMemory(), []
    states = {miner.id: MinerState(miner_id=miner.id, is_on=False, power_w=0.0) for miner in miners}
    for minute, (volts, sun_w, amps) in enumerate(course):
        at = NOON + timedelta(minutes=minute)
        drawn_w = sum(state.power_w or 0.0 for state in states.values())
        seen = replace(
            picture(volts, sun_w, runs=False, house_w=900.0 + drawn_w),
            at=at,
            battery_current_a=Reading(value=amps),
        )
        asked = replace(
            question(settings, seen, runs=False),
            states=tuple(states.values()),
            memory=memory,
            conditions_have_held=False,
        )
        decision = allocate(asked)
        memory = decision.memory
        for miner in decision.miners:
            on = {"start": True, "stop": False}.get(miner.command.value)
            if on is not None and on is not states[miner.miner_id].is_on:
                states[miner.miner_id] = MinerState(
                    miner_id=miner.miner_id,
                    is_on=on,
                    power_w=miner.power_w if on else 0.0,
                    since=at,
                )
        told.append(outcome(decision))
    return told


# --- alerts and messages --------------------------------------------------------------------------


async def alerts(settings: OneSite) -> object:
    """Which alerts there are for half an hour at each voltage and hour, with their texts."""
    wanted, told = settings.preferences, []
    for volts, hour in itertools.product(SEEN_V[1:-1], (1, 8, 12, 16, 20)):
        facts = AlertFacts(
            at=NOON,
            preferences=wanted,
            raw_voltage_v=volts,
            rest_voltage_v=volts,
            voltage_age_s=5.0,
            soc_pct=soc_pct(volts, wanted),
            battery_power_w=-6_000.0,
            battery_temperature_c=-2.0,
            pv_power_w=3_000.0,
            sky_allows_w=9_000.0,
            throttled=True,
            running_miners=("Primary",),
            idle_miners=(IdleMinerFact(name="Dump", power_w=3_250.0, reason="too low"),),
            local_hour=hour,
            grid_expected=wanted.grid_import_allowed,
            grid_present=False,
        )
        _, memory = evaluate(facts, AlertMemory())
        conditions, _ = evaluate(replace(facts, at=NOON + timedelta(minutes=30)), memory)
        told.append([in_owners_units(each, display_of(wanted)) for each in conditions])
    return told


async def messages(settings: OneSite) -> object:
    """To whom which alert goes, at each hour."""
    wanted = settings.preferences
    targets = Targets(mail_url="mailtos://u:p@mail.example", sms_url="twilio://s:t@+15550100")
    told: list[object] = [targets.written(wanted), targets.short(wanted)]
    for hour, severity in itertools.product(range(24), Severity):
        at = NOON + timedelta(hours=hour)
        alert = Alert(
            id=UUID(int=1),
            system_id=SYSTEM_ID,
            key="x",
            category="battery",
            severity=severity,
            title="x",
            detail="",
            advice="",
            opened_at=at,
            updated_at=at,
        )
        told.append(occasions(Changes(opened=(alert,)), wanted, at))
    return told


# --- rooms ----------------------------------------------------------------------------------------


async def rooms(settings: OneSite) -> object:
    """What fan and heating do from frost to heat and back, with and without sun."""
    told: list[object] = []
    courses = (range(20, -12, -1), range(-12, 50), range(50, 20, -1))
    for pv_w, volts in itertools.product((0.0, 3_000.0, 6_000.0), (46.5, 52.0)):
        memory = HvacMemory()
        hints = HvacHints(
            preferences=settings.preferences,
            rest_voltage_v=volts,
            lowest_voltage_v=volts,
            battery_temperature_c=20.0,
            pv_w=pv_w,
            miners=(replace(settings.miner, device_id=str(PRIMARY)), *OTHERS),
            states=(MinerState(miner_id=settings.miner.id, is_on=False),),
            fans_with_speed=frozenset({str(seed.FAN_1.load_id), str(seed.FAN_2.load_id)}),
        )
        for minute, degrees in enumerate(itertools.chain(*courses)):
            at = NOON + timedelta(minutes=minute)
            reading = {settings.zone.id: Reading(value=float(degrees))}
            result = control_zones((settings.zone,), reading, at, memory, hints)
            memory = result.memory
            told.append(result.zones)
    return told


# --- the whole site -------------------------------------------------------------------------------


async def site_of(settings: OneSite, level: ControlLevel | None = None) -> ScriptedSite:
    site = await ScriptedSite().set_up()
    chosen = settings.preferences
    if level is not None:
        chosen = replace(chosen, control_level=level)
    store = site.stores.settings
    await store.save_preferences(SYSTEM_ID, chosen, expected_version=None, actor="owner")
    miner = replace(settings.miner, device_id=settings.miner.device_id or str(PRIMARY))
    await store.save_miner(SYSTEM_ID, miner, expected_version=None, actor="owner")
    await store.save_zone(SYSTEM_ID, settings.zone, expected_version=None, actor="owner")
    return site


async def pages(settings: OneSite) -> object:
    """What the home page, the live stream and the API's live answer are made of."""
    site = await site_of(settings, ControlLevel.AUTOMATIC)
    for _ in range(3):
        await site.pass_minutes(1, room_c=41.0)
        await site.loop.control.run_cycle(SYSTEM_ID)
    told: list[object] = [display_of(settings.preferences)]
    for volts in (52.3, 57.7):
        await site.pass_minutes(1, voltage_v=volts, room_c=41.0)
        told.append(await site.loop.live.now(SYSTEM_ID))
    return told


async def running(settings: OneSite) -> object:
    """What the loop sends, arms, waits for and holds while the owner stops a miner."""
    site = await site_of(settings)
    told: list[object] = []
    for minute in range(38):
        drawn_w = site.primary.watts if site.primary.relay else 0.0
        await site.pass_minutes(1, load_w=1_850.0 + drawn_w)
        await site.loop.control.run_cycle(SYSTEM_ID)
        if minute == 23:
            await site.do(target_on=not site.primary.relay, actor=Actor.OWNER)
            asked = await site.wish(seed.HEATER_1.load_id, actor=Actor.AGENT)
            told.append((await site.loop.proposals.confirmed(asked, by="owner")).status)
    log = await site.stores.actions.page(SYSTEM_ID, before=None, limit=100)
    told += [
        (each.load_id, each.target_on, each.status, each.created_at, each.expires_at)
        for each in log
    ]
    return sorted(told, key=str), [switch.commands for switch in site.switches.values()]


async def mined(settings: OneSite) -> object:
    """What the rollup counts of a miner that runs for half an hour."""
    site = await site_of(settings, ControlLevel.AUTOMATIC)
    site.primary.flip(on=True)
    await site.pass_minutes(40, load_w=5_700.0)
    store = site.stores
    rollup = Rollup(
        sites=store.site,
        telemetry=store.telemetry,
        settings=store.settings,
        memory=store.memory,
        clock=site.clock,
    )
    await rollup.roll_last_day(SYSTEM_ID)
    hour = EPOCH.replace(minute=0)
    rows = await store.telemetry.rollup(
        "system_daily_summary",
        SYSTEM_ID,
        start=hour - timedelta(days=2),
        end=hour + timedelta(days=2),
    )
    return [str(row) for row in rows]


async def answers(settings: OneSite) -> object:
    """The site's facts in every prompt, and the built-in model's answer about a miner."""
    site = await site_of(settings)
    system = await site.stores.site.system(SYSTEM_ID)
    assert system is not None
    stored = await site.stores.settings.miners(SYSTEM_ID)
    zones = await site.stores.settings.zones(SYSTEM_ID)
    profile = Reply({"miners": [asdict(settings.miner)]})
    return (
        fact_lines(system, settings.preferences, stored, zones, []),
        say("miner_profiles", profile, "settings of the miners"),
    )


async def skies(settings: OneSite) -> object:
    """Where the sky is computed for: the place of the system, which is that of the owner."""
    site = await site_of(settings)
    return await site.stores.site.system(SYSTEM_ID)
