"""Questions to the allocator, for any site: sound, broken and missing data."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from energy.allocation.decision import AllocationInput, Command, Decision, MinerDecision
from energy.site.miners import (
    ChargeHold,
    ControlMemory,
    Learned,
    MinerMemory,
    MinerMode,
    MinerProfile,
    MinerState,
    SurplusSample,
)
from energy.site.preferences import OperatingMode, Preferences
from energy.site.snapshot import Link, Reading, Sky, Snapshot

AT = datetime(2026, 6, 21, 19, 0, tzinfo=UTC)
LIGHT = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
watts = st.one_of(st.integers(0, 16_000).map(float), st.sampled_from([0.0, 3_878.0, 8_450.0]))
moments = st.one_of(st.none(), st.integers(0, 1_800).map(lambda s: AT - timedelta(seconds=s)))


@st.composite
def readings(draw: st.DrawFn, values: st.SearchStrategy[float]) -> Reading:
    return Reading(
        value=draw(values),
        age_s=draw(st.sampled_from([0.0, 0.0, 0.0, 30.0, 400.0, 900.0, 4_000.0])),
        unchanged_s=draw(st.sampled_from([0.0, 0.0, 0.0, 5_000.0])),
        source=draw(st.sampled_from(["monitor", "inverter"])),
        link=draw(st.sampled_from(list(Link))),
    )


def broken(values: st.SearchStrategy[float]) -> st.SearchStrategy[float]:
    return st.one_of(values, values, values, st.sampled_from([math.nan, math.inf, -400.0, 0.0]))


voltages = st.one_of(
    st.integers(440, 580).map(lambda v: v / 10.0), st.sampled_from([45.0, 47.0, 50.0, 54.5, 55.0])
)


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    maybe = st.none() | readings(broken(watts))
    return Snapshot(
        at=AT,
        battery_voltage_v=draw(st.none() | readings(broken(voltages))),
        inverter_voltage_v=draw(st.none() | readings(broken(voltages))),
        battery_current_a=draw(st.none() | readings(broken(st.integers(-250, 250).map(float)))),
        pv_power_w=draw(maybe),
        pv_mean_10min_w=draw(st.none() | watts),
        load_power_w=draw(maybe),
        grid_power_w=draw(maybe),
        sky=Sky(
            clear_sky_w=draw(st.none() | watts),
            sunny=draw(st.sampled_from([None, True, False])),
            night_hours=draw(st.none() | st.floats(0.0, 16.0)),
            sun_to_come_wh=draw(st.none() | st.floats(0.0, 60_000.0)),
        ),
    )


@st.composite
def profiles(draw: st.DrawFn, number: int) -> MinerProfile:
    emergency = draw(st.sampled_from([45.0, 46.0, 50.0]))
    stop = emergency + draw(st.sampled_from([0.5, 2.0, 3.0]))
    hour = st.none() | st.integers(0, 23)
    start_hour = draw(hour)
    return MinerProfile(
        id=f"m{number}",
        name=draw(st.sampled_from(["Alpha", "Beta", "Gamma"])),
        power_draw_watts=float(draw(st.integers(200, 5_000))),
        priority_level=draw(st.integers(1, 3)),
        operating_mode=draw(st.sampled_from(list(MinerMode))),
        start_voltage=stop + draw(st.sampled_from([0.5, 2.0, 3.0])),
        stop_voltage=stop,
        emergency_stop_voltage=emergency,
        require_excess_solar=draw(st.booleans()),
        minimum_excess_watts=draw(st.sampled_from([0.0, 3_500.0])),
        maximum_runtime_hours=draw(st.sampled_from([None, None, 8.0])),
        prefer_time_start=start_hour,
        prefer_time_end=None if start_hour is None else draw(st.integers(0, 23)),
        allow_outside_schedule=draw(st.booleans()),
        require_sunny_weather=draw(st.booleans()),
        minimum_solar_production_watts=draw(st.sampled_from([0.0, 0.0, 4_000.0])),
        enabled=draw(st.sampled_from([True, True, True, False])),
    )


@st.composite
def states(draw: st.DrawFn, number: int) -> MinerState:
    is_on = draw(st.sampled_from([True, True, False, False, False, None]))
    power = st.one_of(st.none(), st.integers(0, 5_000).map(float))
    return MinerState(
        miner_id=f"m{number}",
        is_on=is_on,
        power_w=draw(power | st.just(math.nan)) if is_on else draw(st.none() | st.just(0.0)),
        power_in_load_w=draw(power),
        since=draw(moments),
        runtime_today_s=draw(st.sampled_from([0.0, 30_000.0])),
        heat_wanted=draw(st.sampled_from([False, False, True])),
    )


@st.composite
def holds(draw: st.DrawFn) -> ChargeHold:
    since, last = sorted(draw(st.tuples(st.integers(0, 1_800), st.integers(0, 1_800))))
    return ChargeHold(
        voltage_v=draw(st.sampled_from([55.0, 56.0, 57.6])),
        since=AT - timedelta(seconds=last),
        last_at=AT - timedelta(seconds=since),
        highest_a=float(draw(st.integers(0, 100))),
        proven_full=draw(st.booleans()),
    )


@st.composite
def memories(draw: st.DrawFn, count: int) -> ControlMemory:
    miners = [
        (
            f"m{number}",
            MinerMemory(
                start_since=draw(moments),
                stop_voltage_since=draw(moments),
                condition_failed_since=draw(moments),
                budget_short_since=draw(moments),
                potential_started_at=draw(moments),
                potential_drawn_since=draw(moments),
            ),
        )
        for number in range(count)
        if draw(st.booleans())
    ]
    return ControlMemory(
        lockout=draw(st.sampled_from([False, False, True])),
        miners=tuple(miners),
        potential_factor=draw(st.sampled_from([1.0, 0.5])),
        potential_lowered_at=draw(moments),
        voltage_implausible_since=draw(moments),
        charge=draw(st.none() | holds()),
        surplus=tuple(
            SurplusSample(
                at=AT - timedelta(minutes=2 * n),
                until=AT - timedelta(minutes=2 * n),
                mean_w=draw(watts),
            )
            for n in range(draw(st.integers(0, 5)), 0, -1)
        ),
    )


@st.composite
def questions(draw: st.DrawFn) -> AllocationInput:
    count = draw(st.integers(1, 5))
    preferences = Preferences(
        operating_mode=draw(st.sampled_from(list(OperatingMode))),
        night_reserve_enabled=draw(st.booleans()),
        max_starts_per_cycle=draw(st.sampled_from([1, 1, 3])),
        budget_tolerance_w=draw(st.sampled_from([0.0, 200.0])),
        max_battery_discharge_w=draw(st.sampled_from([12_000.0, 6_000.0])),
        dark_day_reserve_wh=draw(st.sampled_from([None, 0.0, 5_000.0])),
        budget_delay_minutes=draw(st.sampled_from([10.0, 0.0])),
    )
    return AllocationInput(
        snapshot=draw(snapshots()),
        preferences=preferences,
        miners=tuple(draw(profiles(number)) for number in range(count)),
        states=tuple(draw(states(number)) for number in range(count) if draw(st.integers(0, 5))),
        learned=Learned(
            resistance_ohm=draw(st.sampled_from([0.010, 0.002, 0.060])),
            clear_sky_ratio=draw(st.none() | st.floats(0.1, 1.2)),
            mean_base_load_w=draw(st.none() | st.floats(100.0, 3_000.0)),
        ),
        memory=draw(memories(count)),
        emergency_stop=draw(st.sampled_from([False] * 9 + [True])),
        conditions_have_held=draw(st.booleans()),
        reserve_wh=draw(st.none() | st.floats(0.0, 30_000.0)),
    )


@st.composite
def healthy(draw: st.DrawFn) -> AllocationInput:
    """Sites with fresh data, where most of the deciding happens."""
    question = draw(questions())
    snapshot = question.snapshot
    return replace(
        question,
        emergency_stop=False,
        snapshot=replace(
            snapshot,
            battery_voltage_v=Reading(value=draw(st.integers(500, 570)) / 10.0),
            battery_current_a=draw(
                st.none() | st.integers(-100, 100).map(lambda a: Reading(value=float(a)))
            ),
            pv_power_w=Reading(value=draw(watts)),
            load_power_w=Reading(value=draw(watts)),
        ),
    )


@st.composite
def contended(draw: st.DrawFn) -> AllocationInput:
    """Sites that have power for some of their miners: what is decided is who gets it."""
    question = draw(healthy())
    count = len(question.miners)
    miners = tuple(
        replace(
            profile,
            enabled=True,
            operating_mode=MinerMode.BALANCED,
            prefer_time_start=None,
            prefer_time_end=None,
            require_excess_solar=False,
            require_sunny_weather=False,
            minimum_solar_production_watts=0.0,
            maximum_runtime_hours=None,
        )
        for profile in question.miners
    )
    on = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    drawn_w = [
        miner.power_draw_watts if is_on else 0.0 for miner, is_on in zip(miners, on, strict=True)
    ]
    states = tuple(
        MinerState(miner_id=miner.id, is_on=is_on, power_w=power_w, since=draw(moments))
        for miner, is_on, power_w in zip(miners, on, drawn_w, strict=True)
    )
    house_w = draw(st.sampled_from([500.0, 2_000.0]))
    return replace(
        question,
        preferences=replace(
            question.preferences,
            night_reserve_enabled=False,
            battery_discharge_allowance_w=draw(st.sampled_from([0.0, 2_000.0])),
            max_battery_discharge_w=draw(st.sampled_from([3_000.0, 6_000.0])),
        ),
        snapshot=replace(
            question.snapshot,
            battery_voltage_v=Reading(value=draw(st.integers(530, 545)) / 10.0),
            load_power_w=Reading(value=house_w + math.fsum(drawn_w)),
        ),
        miners=miners,
        states=states,
        memory=replace(question.memory, lockout=False),
        conditions_have_held=draw(st.booleans()),
    )


any_question = questions() | healthy() | contended()
RUNS = (Command.START, Command.KEEP_RUNNING)


def by_id(decision: Decision) -> dict[str, MinerDecision]:
    return {miner.miner_id: miner for miner in decision.miners}


def is_on(question: AllocationInput) -> dict[str, bool | None]:
    known = {state.miner_id: state.is_on for state in question.states}
    return {profile.id: known.get(profile.id) for profile in question.miners}
