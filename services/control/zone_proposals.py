"""What the zones want of fans, heaters and miners, as proposals for the decision."""

from __future__ import annotations

from collections.abc import Iterator

from energy.allocation.proposals import Proposal, Wanted
from energy.climate.zones import ZoneDecision, ZoneDecisions
from energy.site.loads import Actor

HEAT_WANTED = "heat_wanted"


def zone_proposals(zones: ZoneDecisions) -> tuple[Proposal, ...]:
    """The zones' proposals in this cycle. A heater stop that protects the battery ranks as
    safety.
    """
    return tuple(proposal for zone in zones.zones for proposal in _proposals(zone))


def _proposals(zone: ZoneDecision) -> Iterator[Proposal]:
    if zone.fan_device_id is not None and zone.fan_on is not None:
        yield _proposal(zone, zone.fan_device_id, on=zone.fan_on, speed=zone.fan_speed)
    if zone.heater_device_id is not None and zone.heater_on is not None:
        protects = zone.heater_stop_protects
        yield _proposal(
            zone,
            zone.heater_device_id,
            on=zone.heater_on,
            safety=bool(protects),
            explanation=protects,
        )
    for miner_id in zone.heat_wanted_miner_ids:
        yield _proposal(zone, miner_id, on=True, reason=HEAT_WANTED)


def _proposal(
    zone: ZoneDecision,
    load_id: str,
    *,
    on: bool,
    speed: int | None = None,
    safety: bool = False,
    reason: str | None = None,
    explanation: str = "",
) -> Proposal:
    return Proposal(
        load_id=load_id,
        actor=Actor.SAFETY if safety else Actor.ALLOCATOR,
        by=f"climate of {zone.name}",
        wanted=Wanted.ON if on else Wanted.OFF,
        speed=speed,
        reason=zone.reason.value if reason is None else reason,
        explanation=explanation or zone.explanation,
    )
