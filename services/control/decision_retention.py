"""Drops old decisions. An anchor continues their hash chain and says whether it was intact."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from energy.measuring.clock_jumps import BELIEVED_AFTER
from services.control.decision_chain import GENESIS, first_broken
from services.control.ports import DecisionStore
from services.control.records import ChainAnchor, DecisionRecord
from services.sites.ports import SiteStore

AT_ONCE = 500
"""Decisions dropped in one transaction."""


class DecisionRetention:
    """Drops decisions older than ``keep``; run by a job."""

    def __init__(self, *, sites: SiteStore, decisions: DecisionStore, keep: timedelta) -> None:
        """Applies to the decisions of all systems in ``sites``."""
        self._sites, self._decisions, self._keep = sites, decisions, keep

    async def apply(self, now: datetime) -> Sequence[ChainAnchor]:
        """Drop older decisions; returns the anchors that were set. None of a site whose newest
        decisions are all older than that, or less than a day old: the clock may be wrong.

        An anchor that is not ``intact`` means that somebody has changed the history.
        """
        return [
            anchor
            for system in await self._sites.systems()
            for anchor in await self._of_site(system.id, now)
        ]

    async def _of_site(self, system_id: UUID, now: datetime) -> list[ChainAnchor]:
        anchors: list[ChainAnchor] = []
        if not await self._confirms(system_id, now):
            return anchors
        while records := await self._decisions.oldest(
            system_id, before=now - self._keep, now=now, limit=AT_ONCE
        ):
            before = await self._decisions.anchor(system_id)
            anchor = _anchor(records, GENESIS if before is None else before.hash)
            await self._decisions.drop(system_id, records, anchor)
            anchors.append(anchor)
        return anchors

    async def _confirms(self, system_id: UUID, now: datetime) -> bool:
        """Whether a decision that is kept is a day old: then the clock did not jump ahead of all
        that is stored.
        """
        before = now - min(BELIEVED_AFTER, self._keep / 2)
        known = await self._decisions.page(system_id, before=before, limit=1)
        return bool(known) and known[0].at >= now - self._keep


def _anchor(records: Sequence[DecisionRecord], previous: str) -> ChainAnchor:
    return ChainAnchor(
        at=records[-1].at,
        hash=records[-1].hash,
        dropped=len(records),
        intact=first_broken(records, previous=previous) is None,
    )
