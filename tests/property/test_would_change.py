"""What a sentence promises comes true: ``starts`` in the very cycle, ``may start`` without the
reason that was told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from energy.allocation.allocator import allocate
from energy.allocation.decision import AllocationInput, Command, Decision
from energy.allocation.explanation.sentences import Explanations
from energy.allocation.explanation.would_change import (
    BudgetFree,
    LockoutEnds,
    NextCycle,
    OthersMinimumOver,
    SunFree,
    SunProduced,
    TimePassed,
    VoltageHeld,
    VoltageReached,
    WindowOpens,
    WouldChange,
)
from energy.allocation.reasons import ReasonCode
from energy.site.miners import MinerProfile, MinerState
from energy.site.snapshot import Reading
from tests.property.allocation_questions import healthy

MANY = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
VOLTAGES = {
    ReasonCode.BELOW_START_VOLTAGE,
    ReasonCode.BELOW_STOP_VOLTAGE,
    ReasonCode.EMERGENCY_VOLTAGE,
    ReasonCode.VOLTAGE_LOW,
    ReasonCode.LOW_VOLTAGE_LOCKOUT,
    ReasonCode.START_HYSTERESIS,
}


@st.composite
def one_waiting(draw: st.DrawFn) -> AllocationInput:
    """A site with one miner that is off."""
    question = draw(healthy())
    low_v = draw(st.none() | st.integers(455, 505).map(lambda tenths: tenths / 10.0))
    snapshot = question.snapshot
    if low_v is not None:
        snapshot = replace(snapshot, battery_voltage_v=Reading(value=low_v))
    state = MinerState(
        miner_id=question.miners[0].id,
        is_on=False,
        power_w=0.0,
        since=draw(
            st.none() | st.integers(0, 900).map(lambda s: snapshot.at - timedelta(seconds=s))
        ),
    )
    return replace(question, snapshot=snapshot, miners=question.miners[:1], states=(state,))


@st.composite
def coinciding(draw: st.DrawFn) -> AllocationInput:
    """The same, where settings of the site and of the miner have the same voltage, and the reading
    is at it, above or below.
    """
    question = draw(one_waiting())
    low_v = draw(st.sampled_from([46.0, 47.0, 49.5]))
    restart_v = draw(st.sampled_from([low_v + 0.5, 50.0]))
    start_v = draw(st.sampled_from([low_v, low_v, low_v - 0.5, low_v + 0.5, restart_v]))
    stop_v = start_v - draw(st.sampled_from([0.5, 1.0]))
    emergency_v = stop_v - draw(st.sampled_from([0.5, 1.0]))
    profile = replace(
        question.miners[0],
        start_voltage=start_v,
        stop_voltage=stop_v,
        emergency_stop_voltage=emergency_v,
    )
    thresholds_v = [emergency_v, emergency_v, low_v, restart_v, start_v, stop_v]
    raw_v = draw(st.sampled_from(thresholds_v)) + draw(st.sampled_from([0.0, 0.0, -0.1, 0.1]))
    return replace(
        question,
        miners=(profile,),
        preferences=replace(
            question.preferences,
            voltage_critical_low=43.0,
            voltage_low=low_v,
            voltage_restart=restart_v,
        ),
        snapshot=replace(
            question.snapshot,
            battery_voltage_v=Reading(value=raw_v),
            battery_current_a=Reading(value=draw(st.sampled_from([-150.0, -50.0, 0.0]))),
        ),
    )


def later(question: AllocationInput, decision: Decision, seconds: float) -> AllocationInput:
    """The same picture some time later, with what was remembered."""
    at = question.snapshot.at + timedelta(seconds=seconds)
    return replace(question, snapshot=replace(question.snapshot, at=at), memory=decision.memory)


def at_voltage(question: AllocationInput, voltage_v: float) -> AllocationInput:
    """At a rest voltage: without a current both are the same."""
    snapshot = replace(
        question.snapshot,
        battery_voltage_v=Reading(value=voltage_v),
        inverter_voltage_v=None,
        battery_current_a=None,
        battery_power_w=None,
    )
    return replace(question, snapshot=snapshot)


def with_sun(question: AllocationInput, decision: Decision, more_w: float) -> AllocationInput:
    """So much more sun beyond the house, now and on the mean; a watt for the rounding."""
    budget = decision.budget
    pv_w = budget.pv_potential_w + budget.house_deficit_w + more_w + 1.0
    snapshot = replace(
        question.snapshot, pv_power_w=Reading(value=pv_w), pv_mean_10min_w=pv_w, grid_power_w=None
    )
    return replace(question, snapshot=snapshot)


def made_so(change: WouldChange, question: AllocationInput, first: Decision) -> Decision | None:
    """The decision of the cycle that the change promises; None where nothing is promised."""
    match change:
        case VoltageReached(voltage_v=v, held_min=held) | LockoutEnds(voltage_v=v, held_min=held):
            risen = at_voltage(later(question, first, 60.0), v)
            return allocate(later(risen, allocate(risen), held * 60.0))
        case VoltageHeld(more_s=more_s):
            return allocate(later(question, first, more_s))
        case TimePassed(seconds=seconds):
            return allocate(later(question, first, seconds))
        case BudgetFree(more_w=more_w) | SunFree(more_w=more_w) | SunProduced(more_w=more_w):
            return allocate(with_sun(later(question, first, 60.0), first, more_w))
        case WindowOpens(hour=hour):
            zone = ZoneInfo(question.preferences.timezone)
            local = question.snapshot.at.astimezone(zone).replace(hour=hour)
            snapshot = replace(question.snapshot, at=local)
            return allocate(replace(question, snapshot=snapshot, memory=first.memory))
        case _:
            return None


@MANY
@given(one_waiting() | coinciding())
def test_made_so_it_starts_or_the_reason_is_gone(question: AllocationInput) -> None:
    first = allocate(question)
    miner = first.miners[0]
    assume(miner.command is Command.STAY_OFF)
    change = Explanations(first).change(miner)
    second = made_so(change, question, first)
    if second is None:
        return
    after = second.miners[0]
    if isinstance(change, BudgetFree):
        assert change.promised
        assert after.command is Command.START
    elif miner.reason.code in VOLTAGES:
        assert after.reason.code not in VOLTAGES
    else:
        assert after.reason.code is not miner.reason.code


@pytest.mark.parametrize(
    ("start_v", "promised_v"),
    [
        pytest.param(47.0, 47.01, id="its start voltage is the site's low voltage"),
        pytest.param(46.7, 47.01, id="its start voltage is below it"),
        pytest.param(47.5, 47.5, id="its start voltage is above it"),
    ],
)
def test_no_start_is_promised_at_the_low_voltage(start_v: float, promised_v: float) -> None:
    """46.0 V under load, 47.5 V at rest: it stands at its emergency voltage, without a lockout."""
    profile = MinerProfile(
        id="m",
        name="M",
        power_draw_watts=3_000.0,
        start_voltage=start_v,
        stop_voltage=46.5,
        emergency_stop_voltage=46.0,
    )
    question = st_site(profile)
    sagging = replace(
        question.snapshot,
        battery_voltage_v=Reading(value=46.0),
        battery_current_a=Reading(value=-150.0),
    )
    question = replace(question, snapshot=sagging, states=(MinerState(miner_id="m"),))
    first = allocate(question)
    assert first.miners[0].reason.code is ReasonCode.EMERGENCY_VOLTAGE
    change = Explanations(first).change(first.miners[0])
    assert change == VoltageReached(voltage_v=promised_v, held_min=5.0)
    second = made_so(change, question, first)
    assert second is not None
    assert second.miners[0].reason.code not in VOLTAGES


Fixed = Callable[[AllocationInput], AllocationInput]


def profile_with(question: AllocationInput, **changes: object) -> AllocationInput:
    (profile,) = question.miners
    return replace(question, miners=(replace(profile, **changes),))  # type: ignore[arg-type]  # fields by name


def sunny(question: AllocationInput) -> AllocationInput:
    sky = replace(question.snapshot.sky, sunny=True)
    return replace(question, snapshot=replace(question.snapshot, sky=sky))


def answering(question: AllocationInput) -> AllocationInput:
    return replace(question, states=(replace(question.states[0], is_on=False),))


EVENTS: dict[str, Fixed] = {
    "an admin ends the emergency stop with a reason": lambda q: replace(q, emergency_stop=False),
    "enabling it in the settings": lambda q: profile_with(q, enabled=True),
    "sunny weather": sunny,
    "its switch answering again": answering,
    "a charged battery": lambda q: at_voltage(q, 54.0),
    "a fresh battery voltage": lambda q: at_voltage(q, 54.0),
}


@MANY
@given(
    one_waiting(),
    st.sampled_from(
        ["latched", "disabled", "cloudy", "silent", "critical", "stale", "without a voltage"]
    ),
)
def test_after_the_event_the_reason_is_gone(question: AllocationInput, fault: str) -> None:
    question = broken(question, fault)
    first = allocate(question)
    miner = first.miners[0]
    change = Explanations(first).change(miner)
    event = getattr(change, "event", None)
    assume(event in EVENTS)
    second = allocate(EVENTS[str(event)](later(question, first, 60.0)))
    assert second.miners[0].reason.code is not miner.reason.code


def broken(question: AllocationInput, fault: str) -> AllocationInput:
    snapshot = question.snapshot
    match fault:
        case "latched":
            return replace(question, emergency_stop=True)
        case "disabled":
            return profile_with(question, enabled=False, start_voltage=50.0)
        case "cloudy":
            sky = replace(snapshot.sky, sunny=None)
            question = replace(question, snapshot=replace(snapshot, sky=sky))
            return profile_with(question, require_sunny_weather=True)
        case "silent":
            return replace(question, states=(replace(question.states[0], is_on=None),))
        case "critical":
            return at_voltage(question, 44.5)
        case "stale":
            old = replace(at_voltage(question, 53.0).snapshot.battery_voltage_v, age_s=700.0)  # type: ignore[type-var]  # it has one
            return replace(question, snapshot=replace(snapshot, battery_voltage_v=old))
        case _:
            return replace(
                question,
                snapshot=replace(snapshot, battery_voltage_v=None, inverter_voltage_v=None),
            )


def pair(*, since_s: float, second_on: bool) -> AllocationInput:
    """Two miners of 3 kW with 3.5 kW of sun; the second one of lower priority."""
    first = MinerProfile(id="first", name="First", power_draw_watts=3_000.0, priority_level=1)
    second = replace(first, id="second", name="Second", priority_level=2)
    question = st_site(first, second)
    at = question.snapshot.at
    on = MinerState(
        miner_id="second",
        is_on=second_on,
        power_w=3_000.0 if second_on else 0.0,
        since=at - timedelta(seconds=since_s),
    )
    return replace(question, states=(MinerState(miner_id="first"), on))


def st_site(*miners: MinerProfile) -> AllocationInput:
    from tests.fakes.sites.allocator_site import ask, snapshot  # noqa: PLC0415 - of these two only

    return ask(snapshot=snapshot(voltage_v=53.0, pv_w=9_500.0, load_w=3_000.0), miners=miners)


def test_what_waits_for_a_minimum_on_time_starts_when_it_is_over() -> None:
    question = pair(since_s=600.0, second_on=True)
    picture = replace(question.snapshot, pv_power_w=Reading(value=3_500.0))
    question = replace(
        question,
        snapshot=picture,
        preferences=replace(question.preferences, battery_discharge_allowance_w=0.0),
    )
    first = allocate(question)
    waits = first.miners[0]
    assert Explanations(first).change(waits) == OthersMinimumOver()
    assert allocate(later(question, first, 299.0)).miners[0].command is Command.STAY_OFF
    assert allocate(later(question, first, 300.0)).miners[0].command is Command.START


def test_what_starts_next_starts_next() -> None:
    question = pair(since_s=6_000.0, second_on=False)
    first = allocate(question)
    assert [miner.command for miner in first.miners] == [Command.START, Command.STAY_OFF]
    assert Explanations(first).change(first.miners[1]) == NextCycle()
    started = replace(question.states[0], is_on=True, power_w=3_000.0, since=question.snapshot.at)
    following = replace(
        later(question, first, 60.0),
        states=(started, question.states[1]),
        snapshot=replace(
            question.snapshot,
            at=question.snapshot.at + timedelta(seconds=60),
            load_power_w=Reading(value=6_000.0),
        ),
    )
    assert allocate(following).miners[1].command is Command.START
