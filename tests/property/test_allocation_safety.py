"""What never runs and never starts: a low battery, stale data, a silent device."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings

from energy.allocation.allocator import allocate
from energy.allocation.decision import AllocationInput, Command
from tests.property.allocation_questions import LIGHT, RUNS, any_question, contended, is_on


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


@settings(LIGHT, max_examples=120)
@given(contended())
def test_no_more_starts_than_allowed(question: AllocationInput) -> None:
    starts = [m for m in allocate(question).miners if m.command is Command.START]
    assert len(starts) <= question.preferences.max_starts_per_cycle
