"""An assistant whose steps a test releases one by one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from services.chat.records import Message, Run
from services.stored import Json


@dataclass
class ScriptedAssistant:
    """Shows the cards of ``actions``, says ``words``, one per step of ``gate`` (all at once
    without one), then answers or fails.
    """

    words: Sequence[str] = ("It ", "is ", "52.31 V.")
    gate: asyncio.Semaphore | None = None
    error: Exception | None = None
    actions: Sequence[Json] = ()
    histories: list[list[str]] = field(default_factory=list)

    async def answer(
        self,
        run: Run,
        history: Sequence[Message],
        *,
        emit: Callable[[str, Json], None],
        stop_reason: Callable[[], str | None],
    ) -> Message:
        self.histories.append([each.content for each in history])
        for action in self.actions:
            emit("action", action)
        said = ""
        status = "done"
        for word in self.words:
            if self.gate is not None:
                await self.gate.acquire()
            if stop_reason() is not None:
                status = "stopped"
                break
            said += word
            emit("token", {"text": word})
        if self.error is not None:
            raise self.error
        return Message(
            id=run.message_id,
            conversation_id=run.conversation_id,
            role="assistant",
            content=said,
            created_at=run.created_at,
            agent="victron",
            run_id=run.id,
            status=status,
            meta={"tools": [{"name": "battery_status"}]},
        )
