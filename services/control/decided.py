"""A stored decision, typed: the allocation and the zones."""

from __future__ import annotations

from dataclasses import dataclass

from energy import dataclass_json
from energy.allocation.decision import Decision
from energy.allocation.explanation.decision_codec import decision_from
from energy.climate.zones import ZoneDecisions
from services.control.records import DecisionRecord
from services.stored import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What one cycle decided."""

    decision: Decision
    zones: ZoneDecisions


def decided(record: DecisionRecord) -> Decided:
    """The content of a stored decision, of any allocator version.

    Raises:
        CodecError: The document is no decision.
    """
    document = record.document
    return Decided(
        decision=decision_from(document.get("allocation")),
        zones=dataclass_json.from_json(
            ZoneDecisions, _of_today(document.get("zones", {})), "zones"
        ),
    )


def _of_today(zones: Json) -> Json:
    """Zones as any release stored them: older ones added that nothing blocks charging."""
    known = [
        {name: value for name, value in zone.items() if name != "charging_block_enforced"}
        for zone in zones.get("zones", [])
    ]
    return {**zones, "zones": known}
