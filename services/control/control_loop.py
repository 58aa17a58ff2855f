"""The control loop: one cycle from the snapshot to the stored decision and its commands.

Nothing is kept in this object between cycles. Without the database nothing is commanded and no
timer is refreshed: the loads' own timers then switch them off.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from energy import dataclass_json
from energy.allocation.allocator import ALLOCATOR_VERSION, allocate
from energy.allocation.cycle import CycleMemory, after
from energy.allocation.decision import AllocationInput, Decision
from energy.allocation.explanation.decision_codec import decision_json
from energy.allocation.proposals import Proposal
from energy.allocation.supply.pv_potential import potential_of
from energy.battery.learning import LearningState
from energy.climate.heating import HvacHints
from energy.climate.zones import HvacMemory, ZoneDecisions, control_zones
from energy.dataclass_json import JsonObject
from energy.site.preferences import ControlLevel
from services.actions.ports import EmergencyStopStore
from services.actions.proposals import Proposals
from services.actions.records import Action, SwitchProposal
from services.actions.relays import dead_man_s
from services.clock import Clock
from services.control.asked_by_people import AskedByPeople
from services.control.command_dispatch import CommandDispatch
from services.control.ports import CycleStore
from services.control.records import DecisionRecord
from services.control.switch_requests import idempotency_key, proposals_of, staying_on
from services.control.zone_proposals import zone_proposals
from services.memory.ports import MemoryStore
from services.memory.records import SiteMemory
from services.telemetry.snapshots import BuiltSnapshot, SnapshotBuilder


class ControlLoop:
    """Runs cycles. The caller makes sure that a site has one cycle at a time (a lock per site)."""

    def __init__(
        self,
        *,
        snapshots: SnapshotBuilder,
        memory: MemoryStore,
        cycles: CycleStore,
        emergency: EmergencyStopStore,
        switching: Proposals,
        dispatch: CommandDispatch,
        asked: AskedByPeople,
        clock: Clock,
    ) -> None:
        """All parts of one cycle."""
        self._snapshots, self._memory, self._cycles = snapshots, memory, cycles
        self._emergency, self._switching, self._dispatch = emergency, switching, dispatch
        self._asked, self._clock = asked, clock

    async def run_cycle(self, system_id: UUID, due_at: datetime | None = None) -> DecisionRecord:
        """Decide for now, store decision and memory, send commands, refresh dead-man timers.

        ``due_at`` is when the cycle was due (None: now). A cycle that is run again because a worker
        died in it has the same ``due_at`` and sends nothing twice.
        """
        at = self._clock.now()
        cycle_at = at if due_at is None else due_at
        memory, stop, read = await asyncio.gather(
            self._memory.load(system_id),
            self._emergency.state(system_id),
            self._snapshots.read(system_id, at),
        )
        built, asked = await asyncio.gather(
            self._snapshots.build(system_id, at, memory, read),
            self._asked.of(system_id, at, read.preferences, read.miners),
        )
        decision, zones = decide(built, memory, asked, emergency_stop=stop.latched)
        record = await self._cycles.keep(
            system_id,
            at,
            document_of(decision, zones),
            ALLOCATOR_VERSION,
            remembered(memory, decision, zones),
        )
        await self._act(decision, built, record, cycle_at)
        return record

    async def _act(
        self,
        decision: Decision,
        built: BuiltSnapshot,
        record: DecisionRecord,
        cycle_at: datetime,
    ) -> None:
        """Send the switches of a decision; at the level ``observe`` only those of an emergency
        stop.
        """
        observing = built.preferences.control_level is ControlLevel.OBSERVE
        if observing and not decision.inputs.emergency_stop:
            return
        proposals = proposals_of(decision, built)
        actions = [await self._propose(record, proposal, cycle_at) for proposal in proposals]
        staying = staying_on(built, proposals, actions)
        if staying or actions:
            await self._dispatch.send(actions, staying, dead_man_s(built.preferences))

    async def _propose(
        self, record: DecisionRecord, proposal: SwitchProposal, cycle_at: datetime
    ) -> Action:
        key = idempotency_key(record.system_id, cycle_at, proposal)
        traced = replace(proposal, decision_id=record.id, idempotency_key=key)
        return await self._switching.propose(record.system_id, traced)


def decide(
    built: BuiltSnapshot,
    memory: SiteMemory,
    asked: tuple[Proposal, ...] = (),
    *,
    emergency_stop: bool,
) -> tuple[Decision, ZoneDecisions]:
    """Decide zones and allocation. Zones come first, because their proposals enter the allocation
    together with those ``asked`` by people.
    """
    question = AllocationInput(
        snapshot=built.snapshot,
        preferences=built.preferences,
        miners=built.miners,
        states=built.states,
        learned=memory.learned,
        others=built.others,
        memory=built.memory,
        emergency_stop=emergency_stop,
        proposals=asked,
    )
    measured = built.measured
    zones = control_zones(
        built.zones,
        built.temperatures,
        built.snapshot.at,
        dataclass_json.from_json(HvacMemory, memory.hvac),
        HvacHints(
            preferences=built.preferences,
            rest_voltage_v=None if measured.stale else measured.rest_voltage_v,
            lowest_voltage_v=measured.low_voltage_v,
            telemetry_lost=measured.lost,
            waiting=measured.waiting,
            battery_temperature_c=measured.battery_temperature.usable,
            lockout=memory.control.lockout,
            emergency_stop=emergency_stop,
            pv_w=None if measured.pv_w is None else potential_of(question, measured).potential_w,
            miners=built.miners,
            states=built.states,
            fans_with_speed=frozenset(
                str(load_id) for load_id, state in built.load_states.items() if state.sets_speed
            ),
        ),
    )
    return allocate(replace(question, proposals=(*asked, *zone_proposals(zones)))), zones


def document_of(decision: Decision, zones: ZoneDecisions) -> JsonObject:
    """The stored document of a cycle: the whole decision, and the zones' decisions."""
    return {"allocation": decision_json(decision), "zones": dataclass_json.to_json(zones)}


def remembered(memory: SiteMemory, decision: Decision, zones: ZoneDecisions) -> SiteMemory:
    """The site's memory for the next cycle."""
    before = CycleMemory(
        control=memory.control,
        learned=memory.learned,
        learning=dataclass_json.from_json(LearningState, memory.learning),
    )
    known = after(before, decision)
    return SiteMemory(
        learned=known.learned,
        control=known.control,
        hvac=dataclass_json.object_json(zones.memory),
        learning=dataclass_json.object_json(known.learning),
        last_cycle_at=decision.inputs.snapshot.at,
    )
