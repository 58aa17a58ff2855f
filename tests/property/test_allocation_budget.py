"""What runs fits what there is: the budget, and what the battery may give."""

from __future__ import annotations

import math

from hypothesis import given, settings

from energy.allocation.allocator import allocate
from energy.allocation.decision import AllocationInput, Command
from energy.allocation.explanation.reason_codec import compared
from energy.allocation.reasons import ReasonCode
from tests.property.allocation_questions import LIGHT, any_question, contended

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


@settings(LIGHT, max_examples=120)
@given(contended())
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
@given(any_question)
def test_the_worked_out_budget_adds_up(question: AllocationInput) -> None:
    budget = allocate(question).budget
    assert budget.total_w == budget.solar_surplus_w + budget.battery_allowance_w
    assert budget.solar_surplus_w >= budget.measured_surplus_w >= 0.0
    assert budget.pv_potential_w >= (0.0 if budget.pv_power_w is None else budget.pv_power_w)
