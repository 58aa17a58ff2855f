"""The allocator's invariants, for any site."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from energy.allocation.allocator import allocate
from energy.allocation.decision import AllocationInput, Command, Decision, MinerDecision
from energy.allocation.explanation.decision_codec import decision_from, decision_json, same_decision
from energy.allocation.explanation.reason_codec import compared
from energy.allocation.explanation.sentences import explained
from energy.allocation.reasons import ReasonCode
from energy.dataclass_json import canonical
from energy.measuring.base_load import metered_w
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
RUNS = (Command.START, Command.KEEP_RUNNING)
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


any_question = questions() | healthy()


def by_id(decision: Decision) -> dict[str, MinerDecision]:
    return {miner.miner_id: miner for miner in decision.miners}


def is_on(question: AllocationInput) -> dict[str, bool | None]:
    known = {state.miner_id: state.is_on for state in question.states}
    return {profile.id: known.get(profile.id) for profile in question.miners}


HELD = (ReasonCode.MINIMUM_ON_TIME, ReasonCode.BUDGET_DELAY)


@LIGHT
@given(any_question)
def test_what_runs_fits_the_budget_and_its_tolerance(question: AllocationInput) -> None:
    decision = allocate(question)
    # Only the minimum on time and the budget's delay may hold a miner against the budget, and
    # they say so.
    running = [m for m in decision.miners if m.reason.code not in HELD]
    total_w = sum(miner.power_w for miner in running)
    tolerance_w = question.preferences.budget_tolerance_w
    assert total_w <= decision.budget.total_w + tolerance_w + 1e-6
    assert decision.budget.allocated_w == math.fsum(m.power_w for m in decision.miners)


@LIGHT
@given(any_question)
def test_the_battery_lends_no_more_than_it_may_give(question: AllocationInput) -> None:
    decision = allocate(question)
    if any(miner.reason.code is ReasonCode.MINIMUM_ON_TIME for miner in decision.miners):
        return
    lent = [m for m in decision.miners if m.reason.code is ReasonCode.BUDGET_DELAY]
    if lent:
        given_w = math.fsum(miner.from_battery_w for miner in decision.miners)
        most_w = question.preferences.max_battery_discharge_w
        tolerance_w = question.preferences.budget_tolerance_w
        assert given_w + decision.budget.house_deficit_w <= most_w + tolerance_w + 1e-6


@LIGHT
@given(any_question)
def test_a_start_fits_beside_everything_that_keeps_running(question: AllocationInput) -> None:
    decision = allocate(question)
    if any(miner.command is Command.START for miner in decision.miners):
        tolerance_w = question.preferences.budget_tolerance_w
        total_w = sum(miner.power_w for miner in decision.miners)
        assert total_w <= decision.budget.total_w + tolerance_w + 1e-6


@LIGHT
@given(any_question)
def test_no_miner_runs_at_or_below_its_emergency_or_the_critical_voltage(
    question: AllocationInput,
) -> None:
    decision = allocate(question)
    budget = decision.budget
    if budget.raw_voltage_v is None or budget.rest_voltage_v is None:
        return
    lowest_v = min(budget.raw_voltage_v, budget.rest_voltage_v)
    emergency = {profile.id: profile.emergency_stop_voltage for profile in question.miners}
    for miner in decision.miners:
        if lowest_v <= max(emergency[miner.miner_id], question.preferences.voltage_critical_low):
            assert miner.command not in RUNS
            assert miner.urgent or is_on(question)[miner.miner_id] is False


@LIGHT
@given(any_question)
def test_refused_for_budget_only_if_it_would_not_fit_without_lower_priorities(
    question: AllocationInput,
) -> None:
    decision = allocate(question)
    draw = {profile.id: profile.power_draw_watts for profile in question.miners}
    tolerance_w = question.preferences.budget_tolerance_w
    for miner in decision.miners:
        if miner.reason.code not in {ReasonCode.BUDGET, ReasonCode.SHED}:
            continue
        others_w = sum(m.power_w for m in decision.miners if m.priority <= miner.priority)
        needed_w = dict(compared(miner.reason))["needed_w"]
        assert isinstance(needed_w, float)
        assert needed_w + others_w > decision.budget.total_w - 1e-6
        if miner.command is Command.STOP:
            assert needed_w + others_w > decision.budget.total_w + tolerance_w - 1e-6
        else:
            assert needed_w == draw[miner.miner_id]


@settings(LIGHT, max_examples=120)
@given(healthy(), st.integers(1, 8_000))
def test_more_sun_never_takes_a_running_place_unless_a_higher_one_gets_it(
    question: AllocationInput, more_w: int
) -> None:
    snapshot = question.snapshot
    assert snapshot.pv_power_w is not None
    mean_w = snapshot.pv_mean_10min_w
    sunnier = replace(
        question,
        snapshot=replace(
            snapshot,
            pv_power_w=replace(snapshot.pv_power_w, value=snapshot.pv_power_w.value + more_w),
            pv_mean_10min_w=None if mean_w is None else mean_w + more_w,
        ),
    )
    first, second = allocate(question), allocate(sunnier)
    # Sun that is no longer held back no longer proves the battery full.
    assume(first.budget.throttled == second.budget.throttled)
    before, after = by_id(first), by_id(second)
    for miner_id, was_on in is_on(question).items():
        if not was_on or before[miner_id].command is not Command.KEEP_RUNNING:
            continue
        if after[miner_id].command is Command.KEEP_RUNNING:
            continue
        gained = [
            other
            for other in after.values()
            if other.command in RUNS and before[other.miner_id].command not in RUNS
        ]
        assert any(outranks(other, after[miner_id], question) for other in gained)


def outranks(one: MinerDecision, other: MinerDecision, question: AllocationInput) -> bool:
    """Higher priority; a preferred window puts a miner ahead of its equals."""
    profile = next(p for p in question.miners if p.id == one.miner_id)
    preferred = profile.allow_outside_schedule and profile.prefer_time_start is not None
    was_on = is_on(question)[one.miner_id]
    return one.priority < other.priority or (
        one.priority == other.priority and (preferred or bool(was_on))
    )


@LIGHT
@given(any_question)
def test_repeating_a_cycle_with_unchanged_state_changes_nothing(question: AllocationInput) -> None:
    """Commands are carried out, the picture stays: after the starts of the first cycles, peace."""
    question = replace(question, preferences=replace(question.preferences, max_starts_per_cycle=10))
    first = allocate(question)
    again = allocate(carried_out(question, first))
    assume(first.memory.lockout == again.memory.lockout)
    changes = {
        miner.miner_id: (by_id(first)[miner.miner_id].command, miner.command, miner.reason)
        for miner in again.miners
        if miner.command is Command.START
        or (miner.command is Command.STOP and miner.reason.code not in EVERY and not miner.urgent)
    }
    assert changes == {}


EVERY = {ReasonCode.EMERGENCY_STOP, ReasonCode.TELEMETRY_LOST}


def carried_out(question: AllocationInput, decision: Decision) -> AllocationInput:
    """The same picture a moment later: states as commanded, memory fed back."""
    commands = by_id(decision)
    before = {state.miner_id: state for state in question.states}
    moved = []
    for miner_id, state in before.items():
        command = commands[miner_id].command
        if command is Command.START:
            state = replace(  # noqa: PLW2901 - the state after the command
                state,
                is_on=True,
                power_w=commands[miner_id].power_w,
                power_in_load_w=state.power_in_load_w or 0.0,
                since=question.snapshot.at,
            )
        elif command is Command.STOP and state.is_on:
            # A meter's broken reading is none: the draw stands in.
            now_w = metered_w(state.power_w)
            was_w = commands_draw(question, miner_id) if now_w is None else now_w
            in_load_w = state.power_in_load_w if state.power_in_load_w is not None else was_w
            state = replace(  # noqa: PLW2901 - the state after the command
                state,
                is_on=False,
                power_w=0.0,
                power_in_load_w=in_load_w,
                since=question.snapshot.at,
            )
        moved.append(state)
    return replace(question, states=tuple(moved), memory=decision.memory)


def commands_draw(question: AllocationInput, miner_id: str) -> float:
    return next(p.power_draw_watts for p in question.miners if p.id == miner_id)


@LIGHT
@given(any_question)
def test_nothing_starts_on_stale_data(question: AllocationInput) -> None:
    snapshot, preferences = question.snapshot, question.preferences
    old = [
        None if reading is None else replace(reading, age_s=preferences.stale_after_s + 1.0)
        for reading in (snapshot.battery_voltage_v, snapshot.inverter_voltage_v)
    ]
    stale = replace(
        question, snapshot=replace(snapshot, battery_voltage_v=old[0], inverter_voltage_v=old[1])
    )
    assert all(miner.command is not Command.START for miner in allocate(stale).miners)


@LIGHT
@given(any_question)
def test_a_device_that_does_not_answer_is_never_started(question: AllocationInput) -> None:
    for miner in allocate(question).miners:
        if is_on(question)[miner.miner_id] is None:
            assert miner.command in {Command.STAY_OFF, Command.STOP}
            assert miner.power_w == 0.0


@LIGHT
@given(any_question)
def test_no_more_starts_than_allowed(question: AllocationInput) -> None:
    starts = [m for m in allocate(question).miners if m.command is Command.START]
    assert len(starts) <= question.preferences.max_starts_per_cycle


@LIGHT
@given(any_question)
def test_house_and_miners_never_take_more_of_the_battery_than_it_may_give(
    question: AllocationInput,
) -> None:
    budget = allocate(question).budget
    most_w = question.preferences.max_battery_discharge_w
    if budget.battery_allowance_w > 0.0:
        assert budget.house_deficit_w + budget.battery_allowance_w <= most_w + 1e-6


@LIGHT
@given(any_question, st.randoms(use_true_random=False))
def test_the_order_of_the_input_lists_does_not_matter(
    question: AllocationInput, rnd: random.Random
) -> None:
    miners, known, memory = (
        list(question.miners),
        list(question.states),
        list(question.memory.miners),
    )
    for items in (miners, known, memory):
        rnd.shuffle(items)
    shuffled = replace(
        question,
        miners=tuple(miners),
        states=tuple(known),
        memory=replace(question.memory, miners=tuple(memory)),
    )
    assert replace(allocate(shuffled), inputs=question) == replace(
        allocate(question), inputs=question
    )


@LIGHT
@given(any_question)
def test_a_stored_decision_is_read_back_and_replays_to_the_same_bytes(
    question: AllocationInput,
) -> None:
    decision = allocate(question)
    stored = canonical(decision_json(decision))
    reread = decision_from(decision_json(decision))
    assert canonical(decision_json(reread)) == stored
    assert canonical(decision_json(allocate(reread.inputs))) == stored
    assert same_decision(reread, decision)


@LIGHT
@given(any_question)
def test_every_miner_has_its_sentences(question: AllocationInput) -> None:
    for why, change in explained(allocate(question)).values():
        assert why.endswith(".")
        assert change
        assert not change.endswith(".")


@LIGHT
@given(any_question)
def test_the_worked_out_budget_adds_up(question: AllocationInput) -> None:
    budget = allocate(question).budget
    assert budget.total_w == budget.solar_surplus_w + budget.battery_allowance_w
    assert budget.solar_surplus_w >= budget.measured_surplus_w >= 0.0
    assert budget.pv_potential_w >= (0.0 if budget.pv_power_w is None else budget.pv_power_w)
