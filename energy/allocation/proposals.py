"""What somebody wants of a load enters the decision here, and is folded to one voice per load.

Nothing is decided after the decision but safety: a hold that keeps automation off a load is told by
the decision itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from energy.site.loads import Actor

RANKS = {Actor.SAFETY: 0, Actor.OWNER: 1, Actor.RULE: 2, Actor.ALLOCATOR: 3, Actor.AGENT: 4}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Somebody wants a load to stay as it is.

    Attributes:
        miner_id: The load.
        actor: The rank of whoever wants it.
        by: The person or rule, as shown.
        until: The aware instant until which it is wanted.
    """

    miner_id: str
    actor: Actor
    by: str
    until: datetime


def strongest(proposals: Iterable[Proposal], at: datetime) -> Mapping[str, Proposal]:
    """Per load the proposal that counts at ``at``: the highest rank, then the one that lasts
    longest, then by name. The order given does not matter.
    """
    chosen: dict[str, Proposal] = {}
    for proposal in sorted(proposals, key=_weight):
        if proposal.until > at:
            chosen[proposal.miner_id] = proposal
    return chosen


def _weight(proposal: Proposal) -> tuple[int, float, str]:
    return -RANKS[proposal.actor], proposal.until.timestamp(), proposal.by
