"""Moves a site's open actions along, from the proposal to the end."""

from __future__ import annotations

from uuid import UUID

from services.actions.execution import Execution
from services.actions.proposals import Proposals


class OpenActions:
    """What has not ended yet: it expires, is executed or verified, in this order."""

    def __init__(self, *, proposals: Proposals, execution: Execution) -> None:
        """Both work on the same stores."""
        self._proposals, self._execution = proposals, execution

    async def advance(self, system_id: UUID) -> None:
        """Expire what nobody answered, execute what is ready, verify what is under way.

        Called every few seconds: where nothing is open, one question says so.
        """
        if not await self._execution.has_open(system_id):
            return
        await self._proposals.expire(system_id)
        await self._execution.advance(system_id)
