"""The answer that is still being written in a conversation."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from server.container import Services
from services.chat.records import Message, RunStatus

UNFINISHED = frozenset({RunStatus.RUNNING, RunStatus.STOPPING})


async def running_run(services: Services, messages: Sequence[Message]) -> UUID | None:
    """The run that still answers the last of ``messages``, so that a reopened page can follow
    it.
    """
    last = messages[-1] if messages else None
    if last is None or last.role != "user" or last.run_id is None:
        return None
    run = await services.runs.run(last.run_id)
    return run.id if run.status in UNFINISHED else None
