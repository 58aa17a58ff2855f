"""The life of actions behind one name: proposals, execution, verification, reconciliation."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from services.execution import Execution
from services.proposals import Proposals
from services.records import Action


class Actions:
    """What the loop, the server, the tools and the command line call."""

    def __init__(self, *, proposals: Proposals, execution: Execution) -> None:
        """Both halves share their stores."""
        self._proposals, self._execution = proposals, execution

    async def propose(self, system_id: UUID, load_id: UUID, **wish: Any) -> Action:
        """See ``Proposals.propose``."""
        return await self._proposals.propose(system_id, load_id, **wish)

    async def approve(self, action_id: UUID, *, by: str) -> Action:
        """See ``Proposals.approve``."""
        return await self._proposals.approve(action_id, by=by)

    async def reject(self, action_id: UUID, *, by: str) -> Action:
        """See ``Proposals.reject``."""
        return await self._proposals.reject(action_id, by=by)

    async def execute(self, action: Action) -> Action:
        """See ``Execution.execute``."""
        return await self._execution.execute(action)

    async def advance(self, system_id: UUID) -> None:
        """Expire what nobody answered, execute what is ready, verify what is under way."""
        await self._proposals.expire(system_id)
        await self._execution.advance(system_id)

    async def reconcile(self, system_id: UUID) -> int:
        """See ``Execution.reconcile``."""
        return await self._execution.reconcile(system_id)
