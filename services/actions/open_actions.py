"""Carries a site's open actions on, from proposal to end."""

from __future__ import annotations

from uuid import UUID

from services.actions.execution import Execution
from services.actions.proposals import Proposals


class OpenActions:
    """Expires, executes and verifies open actions, in this order."""

    def __init__(self, *, proposals: Proposals, execution: Execution) -> None:
        """``proposals`` and ``execution`` must work on the same stores."""
        self._proposals, self._execution = proposals, execution

    async def advance(self, system_id: UUID) -> None:
        """Expire unanswered actions, execute ready ones, verify those under way.

        Called every few seconds, so it asks the store once and returns where nothing is open.
        """
        if not await self._execution.has_open(system_id):
            return
        await self._proposals.expire(system_id)
        await self._execution.advance(system_id)
