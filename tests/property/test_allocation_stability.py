"""Decisions change with their reasons only: more sun, a repeated cycle, another order."""

from __future__ import annotations

import random
from dataclasses import replace

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from energy.allocation.allocator import allocate
from energy.allocation.decision import AllocationInput, Command, Decision, MinerDecision
from energy.allocation.reasons import ReasonCode
from energy.measuring.base_load import metered_w
from tests.property.allocation_questions import LIGHT, RUNS, any_question, by_id, healthy, is_on


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


EVERY = {ReasonCode.EMERGENCY_STOP, ReasonCode.TELEMETRY_LOST}


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
