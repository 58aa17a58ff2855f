"""Proposals: what people, agents, zones and rules want of a load, folded to one per load.

They enter before the decision; after it only safety may change anything. A proposal that outranks
the allocator binds it. One of the allocator's own rank, such as a zone that wants a miner's heat,
is weighed by the allocator's rules. One of lower rank is shown and not followed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import inf

from energy.site.loads import RANKS, Actor


class Wanted(StrEnum):
    """What a proposal wants of a load. ``AS_IT_IS``: not switched by anybody of lower rank."""

    AS_IT_IS = "as_it_is"
    ON = "on"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What somebody wants of one load.

    Attributes:
        load_id: A miner's id, or that of a heater or fan.
        actor: Who wants it, by kind; gives the rank.
        by: The person, zone or rule, as shown.
        until: Aware instant at which the proposal ends; None where it is made anew each cycle.
        wanted: What is wanted.
        speed: Wanted fan speed in tenths of the range; None for plain switches.
        reason: Machine-readable code of why; may be empty.
        explanation: Why, as a sentence; may be empty.
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
        """Whether it wants the load on."""
        return self.wanted is Wanted.ON

    @property
    def binds(self) -> bool:
        """Whether it outranks the allocator."""
        return RANKS[self.actor] < RANKS[Actor.ALLOCATOR]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The proposals for one load in the order of their rank.

    Attributes:
        winner: The proposal that is followed.
        others: The outranked ones, highest rank first.
    """

    winner: Proposal
    others: tuple[Proposal, ...] = ()

    @property
    def wants_heat(self) -> bool:
        """Whether a zone wants the miner to run for its heat; the allocator weighs that."""
        return self.heating is not None

    @property
    def heating(self) -> Proposal | None:
        """The zone's proposal that asks for the miner's heat; None without one."""
        asked = (self.winner, *self.others)
        return next(
            (proposal for proposal in asked if proposal.actor is Actor.ALLOCATOR and proposal.on),
            None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Winner:
    """Who decided about a load: the rank, and the name as shown."""

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
    """The proposals that are not met, given whether the load ``runs`` and was switched
    (``moved``).
    """
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
