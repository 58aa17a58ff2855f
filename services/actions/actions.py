"""The life of actions behind one name: propose, approve, execute, verify, reconcile."""

from __future__ import annotations

from uuid import UUID

from energy.site.loads import Actor
from services.actions.execution import Execution
from services.actions.proposals import Proposals
from services.actions.records import Action


class Actions:
    """What the loop, the server, the tools and the command line call."""

    def __init__(self, *, proposals: Proposals, execution: Execution) -> None:
        """Both halves share their stores."""
        self._proposals, self._execution = proposals, execution

    async def propose(  # noqa: PLR0913 - a proposal is told by its fields
        self,
        system_id: UUID,
        load_id: UUID,
        target_on: bool,  # noqa: FBT001 - the wanted state is the proposal
        *,
        actor: Actor,
        requested_by: str,
        reason: str,
        explanation: str,
        urgent: bool = False,
        target_speed: int | None = None,
        decision_id: UUID | None = None,
        idempotency_key: str | None = None,
    ) -> Action:
        """Validate and store a wish to switch a load; see ``Proposals.propose``."""
        return await self._proposals.propose(
            system_id,
            load_id,
            target_on=target_on,
            actor=actor,
            requested_by=requested_by,
            reason=reason,
            explanation=explanation,
            urgent=urgent,
            target_speed=target_speed,
            decision_id=decision_id,
            idempotency_key=idempotency_key,
        )

    async def approve(self, action_id: UUID, *, by: str) -> Action:
        """The owner agrees; see ``Proposals.approve``."""
        return await self._proposals.approve(action_id, by=by)

    async def reject(self, action_id: UUID, *, by: str) -> Action:
        """The owner refuses; see ``Proposals.reject``."""
        return await self._proposals.reject(action_id, by=by)

    async def execute(self, action: Action) -> Action:
        """Command the device; see ``Execution.execute``."""
        return await self._execution.execute(action)

    async def advance(self, system_id: UUID) -> None:
        """Expire what nobody answered, execute what is ready, verify what is under way.

        Called every few seconds: where nothing is open, one question says so.
        """
        if not await self._execution.has_open(system_id):
            return
        await self._proposals.expire(system_id)
        await self._execution.advance(system_id)

    async def reconcile(self, system_id: UUID) -> int:
        """Settle what a crash left; see ``Execution.reconcile``."""
        return await self._execution.reconcile(system_id)
