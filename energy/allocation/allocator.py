"""The allocator: one pure function from the inputs of a cycle to a decision.

Order of the rules: emergency stop, bad data, system voltage, each miner's voltages and conditions,
the budget by priority, anti-cycling. Control loop, what-if, replay and chat all call ``allocate``.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum

from energy.allocation.budget import RemainingBudget
from energy.allocation.budget_by_priority import BudgetByPriority
from energy.allocation.candidates import Candidate, candidates_of, turn_order
from energy.allocation.decision import AllocationInput, Budget, Decision, LoadDecision
from energy.allocation.eligibility import NOTHING_REMEMBERED
from energy.allocation.limits import site_limits
from energy.allocation.load_decisions import load_decisions
from energy.allocation.proposals import settle
from energy.allocation.reasons import PotentialNotMet
from energy.allocation.situation import Situation, budget_of, measured_of, situation_of
from energy.allocation.supply.pv_potential import factor_now, lowered_factor
from energy.measuring.measured import Measured
from energy.site.miners import ControlMemory

ALLOCATOR_VERSION = "1.3.0"


def allocate(question: AllocationInput) -> Decision:
    """The decision for ``question``: a command, a reason and a power for every miner.

    The sentences are not made here: ``energy.allocation.explanation`` makes them when they are
    read.
    """
    measured = measured_of(question)
    settled = settle(question.proposals, question.snapshot.at)
    loads: tuple[LoadDecision, ...] = ()
    if settled:
        latched = question.emergency_stop
        loads = load_decisions(question.others, settled, emergency_stop=latched)
    site = situation_of(question, measured, loads)
    candidates = candidates_of(question, settled)
    _decide(question, site, candidates)
    allocated_w = fsum(candidate.power_w for candidate in candidates)
    budget = budget_of(site, measured, allocated_w=allocated_w)
    return Decision(
        budget=budget,
        miners=tuple(candidate.decided() for candidate in candidates),
        loads=loads,
        limits=_limits(question, site, budget, measured),
        memory=_memory(question.memory, site, measured, candidates),
        inputs=question,
        version=ALLOCATOR_VERSION,
    )


def _decide(question: AllocationInput, site: Situation, candidates: Sequence[Candidate]) -> None:
    left = RemainingBudget(
        solar_w=site.solar_surplus_w,
        mean_w=site.mean_surplus_w,
        carrying_w=site.carrying_surplus_w,
        measured_w=site.measured_surplus_w,
        battery_w=site.battery_allowance_w,
        lendable_w=site.lendable_w,
    )
    left.spend(site.other_loads_w)
    hour = site.local_hour
    BudgetByPriority(
        site,
        left,
        sorted(candidates, key=lambda candidate: turn_order(candidate, hour)),
        max_starts=question.preferences.max_starts_per_cycle,
    ).decide()


def _limits(
    question: AllocationInput, site: Situation, budget: Budget, measured: Measured
) -> tuple[str, ...]:
    return (*site_limits(question, site, budget, measured), *measured.notes)


def _memory(
    before: ControlMemory, site: Situation, measured: Measured, candidates: Sequence[Candidate]
) -> ControlMemory:
    measuring = measured.memory
    factor, lowered_at = before.potential_factor, before.potential_lowered_at
    if any(isinstance(candidate.reason, PotentialNotMet) for candidate in candidates):
        factor = lowered_factor(site.potential, measured, factor_now(before, site.at))
        lowered_at = site.at
    miners = [
        (candidate.profile.id, candidate.memory)
        for candidate in candidates
        if candidate.memory is not NOTHING_REMEMBERED
    ]
    miners.sort(key=lambda pair: pair[0])
    return ControlMemory(
        lockout=site.lockout,
        miners=tuple(miners),
        potential_factor=factor,
        potential_lowered_at=lowered_at,
        voltage_implausible_since=measuring.voltage_implausible_since,
        waiting_since=measuring.waiting_since,
        balance_closed_at=measuring.balance_closed_at,
        balance_open_since=measuring.balance_open_since,
        stuck=measuring.stuck,
        clock_back_at=measuring.clock_back_at,
        clock_was_at=measuring.clock_was_at,
        charge=site.potential.hold,
        surplus=site.surplus_samples,
    )
