"""Reads that are requested at the same moment are sent together, and so are notes.

A control cycle reads from several independent stores. Sent one by one, each statement costs a
connection and a round trip; sent together, all cost one of each.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg.rows import DictRow

from services.errors import CommandCenterError, Unavailable
from storage.connection.pool import Pool, borrowed, rows
from storage.connection.queries import queries

Parameters = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Asked:
    """One read with the future for its answer."""

    query: LiteralString
    values: Parameters
    answer: asyncio.Future[list[DictRow]]


class ReadsTogether:
    """Gathers the reads of one moment of the event loop and sends them in one pipeline.

    Only for statements that change nothing and end quickly, because the slowest delays the others.
    If one fails, each is read again by itself, so that no caller gets another's error.
    """

    _first: LiteralString | None = None
    """A statement that is sent before the others; None for none."""

    def __init__(self, *, pool: Pool) -> None:
        self._pool = pool
        self._asked: list[_Asked] = []
        self._sending: set[asyncio.Task[None]] = set()

    async def rows(self, query: LiteralString, values: Parameters) -> list[DictRow]:
        """All rows of one statement. Raises as ``borrowed``."""
        answer: asyncio.Future[list[DictRow]] = asyncio.get_running_loop().create_future()
        self._asked.append(_Asked(query, values, answer))
        if len(self._asked) == 1:
            task = asyncio.create_task(self._send(), name="reads")
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
        return await answer

    async def row(self, query: LiteralString, values: Parameters) -> DictRow | None:
        """The first row of one statement, None where there is none. Raises as ``borrowed``."""
        answers = await self.rows(query, values)
        return answers[0] if answers else None

    async def _send(self) -> None:
        """Send the gathered reads. Callers without an answer are cancelled at the end."""
        await asyncio.sleep(0)  # nested tasks request their reads one turn of the loop later
        asked, self._asked = self._asked, []
        try:
            await self._answer(asked)
        finally:
            for question in asked:
                question.answer.cancel()

    async def _answer(self, asked: Sequence[_Asked]) -> None:
        if len(asked) > 1 or self._first is not None:
            try:
                answers = await self._in_one(asked)
            except Unavailable as error:
                for question in asked:
                    _refuse(question.answer, error)
                return
            except (CommandCenterError, psycopg.Error):
                pass
            else:
                for question, answer in zip(asked, answers, strict=True):
                    _answer_with(question.answer, answer)
                return
        await asyncio.gather(*(self._alone(question) for question in asked))

    async def _in_one(self, asked: Sequence[_Asked]) -> list[list[DictRow]]:
        async with borrowed(self._pool) as connection:
            async with connection.pipeline():
                if self._first is not None:
                    await connection.execute(self._first)
                cursors = [
                    await connection.execute(question.query, question.values) for question in asked
                ]
            return [await cursor.fetchall() if cursor.description else [] for cursor in cursors]

    async def _alone(self, question: _Asked) -> None:
        try:
            _answer_with(question.answer, await rows(self._pool, question.query, question.values))
        except (CommandCenterError, psycopg.Error) as error:
            _refuse(question.answer, error)


class NotesTogether(ReadsTogether):
    """Notes of what happened (a poll, a job's run, an event) in one transaction.

    The server does not wait for its disk, so a crash may lose the last half second of them.
    Decisions and actions are not stored this way.
    """

    _first = queries("server")["lazily"]


def _answer_with(answer: asyncio.Future[list[DictRow]], result_rows: list[DictRow]) -> None:
    if not answer.done():
        answer.set_result(result_rows)


def _refuse(answer: asyncio.Future[list[DictRow]], error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)
