"""What would be decided: for the site as it is, with any field overridden, or for a past cycle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from energy.allocation import what_if
from energy.allocation.allocator import allocate
from energy.allocation.decision import AllocationInput, Decision
from energy.allocation.explanation.decision_codec import same_decision
from energy.site.preference_rules import miner_violations, preference_violations
from services.actions.ports import EmergencyStopStore
from services.clock import Clock
from services.control.asked_by_people import AskedByPeople
from services.control.decided import decided
from services.control.ports import DecisionStore
from services.control.records import DecisionRecord
from services.errors import Invalid, NotFound
from services.memory.ports import MemoryStore
from services.telemetry.snapshots import SnapshotBuilder


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """A stored decision, decided again.

    Attributes:
        record: As it was stored.
        replayed: What this version decides of the same question.
        identical: Whether both are the same, but for the version.
    """

    record: DecisionRecord
    replayed: Decision
    identical: bool


class WhatIf:
    """Calls the control loop's allocator without any side effect."""

    def __init__(
        self,
        *,
        snapshots: SnapshotBuilder,
        memory: MemoryStore,
        decisions: DecisionStore,
        emergency: EmergencyStopStore,
        asked: AskedByPeople,
        clock: Clock,
    ) -> None:
        """Values that a document does not give are read from these stores."""
        self._snapshots, self._memory, self._decisions = snapshots, memory, decisions
        self._emergency, self._asked, self._clock = emergency, asked, clock

    async def allocate(self, system_id: UUID, document: Mapping[str, object]) -> Decision:
        """The decision for the site as it is, with the document's values put in.

        Raises:
            Invalid: The document breaks rules; every problem is named with its path.
        """
        memory = await self._memory.load(system_id)
        built = await self._snapshots.build(system_id, self._clock.now(), memory)
        stop = await self._emergency.state(system_id)
        defaults = AllocationInput(
            snapshot=built.snapshot,
            preferences=built.preferences,
            miners=built.miners,
            states=built.states,
            others=built.others,
            learned=built.learned,
            memory=built.memory,
            emergency_stop=stop.latched,
            proposals=await self._asked.of(
                system_id, built.snapshot.at, built.preferences, built.miners
            ),
        )
        return allocate(checked_question(document, defaults))

    async def replay(self, decision_id: UUID) -> Replayed:
        """A stored decision decided again.

        Raises:
            NotFound: No such decision.
        """
        record = await self._decisions.get(decision_id)
        if record is None:
            raise NotFound(kind="decision", key=str(decision_id))
        stored = decided(record).decision
        replayed = allocate(stored.inputs)
        identical = same_decision(stored, replayed)
        return Replayed(record=record, replayed=replayed, identical=identical)


def checked_question(document: object, defaults: AllocationInput) -> AllocationInput:
    """The inputs that ``document`` gives over ``defaults``, checked by the rules of settings.

    Raises:
        Invalid: The document breaks rules; every problem is named with its path.
    """
    try:
        question = what_if.question(document, defaults)
    except what_if.BadDocument as error:
        raise Invalid(error.problems) from None
    problems = [
        (f"preferences.{path}", message)
        for path, message in preference_violations(question.preferences)
    ]
    known = {miner.id: miner for miner in defaults.miners}
    for miner in question.miners:
        if known.get(miner.id) != miner:
            problems += [
                (f"miners[{miner.name}].{path}", message)
                for path, message in miner_violations(miner)
            ]
    if problems:
        raise Invalid(problems)
    return question
