"""Minutes of the control loop on the scripted site, and what they left."""

from __future__ import annotations

from typing import Any

from energy.allocation.decision import Decision
from services.actions.records import Action
from services.control.decided import decided
from services.stored import Json
from tests.fakes.sites.reference_site import SYSTEM_ID
from tests.fakes.sites.scripted_site import ScriptedSite


async def cycles(site: ScriptedSite, minutes: int, **seen: Any) -> None:
    """Minutes with a poll and a cycle each."""
    for _ in range(minutes):
        site.clock.advance(60.0)
        await site.see(**seen)
        await site.loop.control.run_cycle(SYSTEM_ID)


async def actions(site: ScriptedSite) -> list[Action]:
    return list(reversed(await site.stores.actions.page(SYSTEM_ID, before=None, limit=50)))


def miner(document: Json, index: int = 0) -> Json:
    found: Json = document["allocation"]["miners"][index]
    return found


async def decided_of(site: ScriptedSite) -> Decision:
    """What the last cycle decided."""
    record = await site.stores.decisions.latest(SYSTEM_ID)
    assert record is not None
    return decided(record).decision
