"""What somebody wants of a load enters the decision here, and is folded to one voice per load.

Nothing is decided after the decision but safety. What outranks the allocator binds it; what ranks
with it, as a zone that wants a miner's heat, is weighed by its rules; what ranks below is told and
not followed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import inf

from energy.site.loads import RANKS, Actor


class Wanted(StrEnum):
    """What is wanted of a load: the bounds within which the decision may still move it."""

    AS_IT_IS = "as_it_is"
    ON = "on"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Somebody wants something of a load.

    Attributes:
        load_id: A miner's id, or that of a heater or fan.
        actor: The rank of whoever wants it.
        by: The person, zone or rule, as shown.
        until: The aware instant until which it is wanted; None where each cycle asks anew.
        wanted: What is wanted.
        speed: Wanted fan speed in tenths of the range; None for plain switches.
        reason: Machine-readable code of why; empty where nothing more is known.
        explanation: Why, as a sentence; empty likewise.
    """

    load_id: str
    actor: Actor
    by: str
    until: datetime | None = None
    wanted: Wanted = Wanted.AS_IT_IS
    speed: int | None = None
    reason: str = ""
    explanation: str = ""

    @property
    def on(self) -> bool:
        """Whether the load is wanted on."""
        return self.wanted is Wanted.ON

    @property
    def binds(self) -> bool:
        """Whether it outranks the allocator."""
        return RANKS[self.actor] < RANKS[Actor.ALLOCATOR]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What the proposals for one load come to.

    Attributes:
        winner: The one that counts.
        others: Those that it outweighs, the strongest first.
    """

    winner: Proposal
    others: tuple[Proposal, ...] = ()

    @property
    def wants_heat(self) -> bool:
        """Whether a zone wants the miner to run for its heat; the allocator weighs that."""
        return self.heating is not None

    @property
    def heating(self) -> Proposal | None:
        """What the zone wants that asks for the miner's heat; None without one."""
        asked = (self.winner, *self.others)
        return next(
            (proposal for proposal in asked if proposal.actor is Actor.ALLOCATOR and proposal.on),
            None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Winner:
    """Who had the say about a load."""

    actor: Actor
    by: str


ALLOCATOR = Winner(actor=Actor.ALLOCATOR, by="allocator")
SAFETY = Winner(actor=Actor.SAFETY, by="safety")


def settle(proposals: Iterable[Proposal], at: datetime) -> Mapping[str, Settled]:
    """Per load the proposal that counts at ``at``: the highest rank, then the one that lasts
    longest, then on before off and the higher speed, then by name. The order given does not matter.
    """
    chosen: dict[str, Settled] = {}
    for proposal in sorted(proposals, key=_weight):
        if proposal.until is not None and proposal.until <= at:
            continue
        weaker = chosen.get(proposal.load_id)
        beaten = () if weaker is None else (weaker.winner, *weaker.others)
        chosen[proposal.load_id] = Settled(winner=proposal, others=beaten)
    return chosen


def outweighed(proposals: Iterable[Proposal], *, runs: bool, moved: bool) -> tuple[Proposal, ...]:
    """Those that do not get what they want of a load that ``runs`` or not, and was ``moved``."""
    unmet = {Wanted.OFF if runs else Wanted.ON}
    if moved:
        unmet.add(Wanted.AS_IT_IS)
    return tuple(proposal for proposal in proposals if proposal.wanted in unmet)


_ON_BEFORE_OFF = {Wanted.OFF: 0, Wanted.ON: 1, Wanted.AS_IT_IS: 2}


def _weight(proposal: Proposal) -> tuple[int, float, int, int, str]:
    return (
        -RANKS[proposal.actor],
        -inf if proposal.until is None else proposal.until.timestamp(),
        _ON_BEFORE_OFF[proposal.wanted],
        0 if proposal.speed is None else proposal.speed,
        proposal.by,
    )
