"""The allocator: one pure function from a frozen question to a decision.

Order of the rules: emergency stop, bad data, system voltage, each miner's voltages and conditions,
the budget by priority, anti-cycling. The loop, the what-if, the replay and the chat call this.
"""

from __future__ import annotations

from math import fsum

from energy.allocation.budget import Purse
from energy.allocation.budget_by_priority import Entry, Turns, turn_order
from energy.allocation.decision import AllocationInput, Budget, Decision, MinerDecision, Reason
from energy.allocation.eligibility import NOTHING_REMEMBERED
from energy.allocation.explanation import Facts, sentences, site_limits
from energy.allocation.pv_potential import factor_now, lowered_factor
from energy.allocation.site_state import Site, budget_of, site_of
from energy.site.miners import ControlMemory, MinerState

ALLOCATOR_VERSION = "1.2.0"


def allocate(question: AllocationInput) -> Decision:
    """Decide, with every sentence filled in."""
    return _decide(question, explained=True)


def decide(question: AllocationInput) -> Decision:
    """Decide without the miners' sentences: the same commands, reasons and numbers."""
    return _decide(question, explained=False)


def _decide(question: AllocationInput, *, explained: bool) -> Decision:
    site = site_of(question)
    purse = Purse(
        solar_w=site.solar_surplus_w,
        mean_w=site.mean_surplus_w,
        carrying_w=site.carrying_surplus_w,
        measured_w=site.measured_surplus_w,
        battery_w=site.battery_allowance_w,
        lendable_w=site.lendable_w,
    )
    purse.spend(site.other_loads_w)
    entries = _entries(question)
    Turns(site, purse, sorted(entries, key=lambda entry: turn_order(entry, site))).take()
    budget = budget_of(site, allocated_w=fsum(entry.power_w for entry in entries))
    facts = Facts(question=question, rest_voltage_v=budget.rest_voltage_v)
    return Decision(
        budget=budget,
        miners=tuple(_answer(entry, facts, explained=explained) for entry in entries),
        limits=_limits(site, budget),
        memory=_memory(site, entries),
        inputs=question,
        version=ALLOCATOR_VERSION,
    )


def _entries(question: AllocationInput) -> list[Entry]:
    """All miners by priority, ties by name, then id."""
    memory, at = dict(question.memory.miners), question.snapshot.at
    states = {state.miner_id: state for state in question.states}
    profiles = sorted(question.miners, key=lambda p: (p.priority_level, p.name, p.id))
    entries = []
    for profile in profiles:
        state = states.get(profile.id)
        if state is None:
            state = MinerState(miner_id=profile.id, is_on=None)
        entries.append(Entry(profile, state, memory.get(profile.id, NOTHING_REMEMBERED), at=at))
    return entries


def _answer(entry: Entry, facts: Facts, *, explained: bool) -> MinerDecision:
    profile = entry.profile
    why, change = sentences(entry, profile, entry.memory, facts) if explained else ("", "")
    return MinerDecision(
        miner_id=profile.id,
        name=profile.name,
        priority=profile.priority_level,
        command=entry.command,
        reason=entry.reason,
        compared=entry.compared,
        power_w=entry.power_w,
        from_battery_w=entry.from_battery_w,
        urgent=entry.urgent,
        explanation=why,
        would_change=change,
    )


def _limits(site: Site, budget: Budget) -> tuple[str, ...]:
    return (*site_limits(site, budget), *site.measured.notes)


def _memory(site: Site, entries: list[Entry]) -> ControlMemory:
    before, measuring = site.question.memory, site.measured.memory
    factor, lowered_at = before.potential_factor, before.potential_lowered_at
    if any(entry.reason is Reason.POTENTIAL_NOT_MET for entry in entries):
        factor = lowered_factor(site.potential, site.measured, factor_now(before, site.at))
        lowered_at = site.at
    miners = [
        (entry.profile.id, entry.memory)
        for entry in entries
        if entry.memory is not NOTHING_REMEMBERED
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
        charge=site.potential.hold,
        surplus=site.surplus_samples,
    )
