"""Questions to the assistant: a run on the server, with a resumable stream of its events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request
from sse_starlette import EventSourceResponse, ServerSentEvent

from server.auth import ChosenSite, Container, Reader, access_ended, own_conversation
from server.container import Services
from server.described import DescribedRoute
from server.schemas.chat import AGENTS, Answer, Question, RunView
from server.schemas.problems import refused
from server.schemas.streams import RUN_EVENTS, streamed
from server.sse import event, stream, until
from server.web.decision_path import how_it_was_answered
from server.web.markdown import render
from services.accounts.accounts import Identity
from services.chat.records import Run, RunEvent
from services.errors import Invalid, NotFound, Unavailable
from services.sites.records import System

router = APIRouter(tags=["chat"], route_class=DescribedRoute)


@router.post("/runs", status_code=202, responses=refused(409))
async def start_run(services: Container, site: ChosenSite, who: Reader, asked: Question) -> RunView:
    """Ask a question; it is answered on the server, also without a listener."""
    return RunView.of(await _start(services, site, who, asked))


@router.get(
    "/runs/{run_id}/events",
    response_class=EventSourceResponse,
    responses=streamed(RUN_EVENTS),
)
async def run_events(
    services: Container,
    request: Request,
    who: Reader,
    run_id: UUID,
    last_event_id: Annotated[int | None, Header(ge=0)] = None,
    after: Annotated[int | None, Query(ge=0)] = None,
) -> EventSourceResponse:
    """The run's events from the beginning, or after ``Last-Event-ID``; ends with the run."""
    await _own_run(services, who, run_id)
    first = last_event_id if last_event_id is not None else after
    events = _as_sent(services.runs.events(run_id, after=0 if first is None else first))
    known = until(events, access_ended(request))
    return stream(known, heartbeat_s=services.config.heartbeat_s)


@router.post("/runs/{run_id}/stop", status_code=202, responses=refused(409))
async def stop_run(services: Container, who: Reader, run_id: UUID) -> RunView:
    """Stop a run; the text written so far is kept."""
    await _own_run(services, who, run_id)
    await services.runs.stop(run_id, by=who.name)
    return RunView.of(await _own_run(services, who, run_id))


@router.post("/chat", response_class=EventSourceResponse, responses=streamed(RUN_EVENTS))
async def chat(
    services: Container, request: Request, site: ChosenSite, who: Reader, asked: Question
) -> EventSourceResponse:
    """Ask and stream the answer in one request; disconnecting stops the run."""
    run = await _start(services, site, who, asked)
    events = until(_until_gone(services, run, who), access_ended(request))
    return stream(events, heartbeat_s=services.config.heartbeat_s)


@router.post("/ask", responses=refused(409))
async def ask(services: Container, site: ChosenSite, who: Reader, asked: Question) -> Answer:
    """Ask and wait for the whole answer."""
    run = await _start(services, site, who, asked)
    async for run_event in services.runs.events(run.id, after=0):
        if run_event.event == "error":
            raise Unavailable(
                what="The assistant",
                detail=str(run_event.data.get("message", "failed")),
                advice=str(run_event.data.get("advice", "Ask again.")),
            )
    for message in await services.conversations.messages(run.conversation_id):
        if message.id == run.message_id:
            return Answer(
                answer=message.content,
                run_id=run.id,
                conversation_id=run.conversation_id,
                agent=message.agent,
                status=message.status,
                meta=message.meta,
            )
    raise NotFound(kind="answer of run", key=str(run.id))


async def _start(services: Services, site: System, who: Identity, asked: Question) -> Run:
    if asked.agent is not None and asked.agent not in AGENTS:
        raise Invalid([("agent", f"must be one of {', '.join(AGENTS)}; got {asked.agent!r}")])
    if asked.conversation_id is not None:
        await own_conversation(services, who, asked.conversation_id)
    return await services.runs.start(
        user=who.user,
        system_id=site.id,
        question=asked.question,
        conversation_id=asked.conversation_id,
        agent=asked.agent,
        scope=who.scope,
    )


async def _own_run(services: Services, who: Identity, run_id: UUID) -> Run:
    run = await services.runs.run(run_id)
    if run.user_id != who.user.id:
        raise NotFound(kind="run", key=str(run_id))
    return run


async def _as_sent(events: AsyncIterator[RunEvent]) -> AsyncIterator[ServerSentEvent]:
    async for run_event in events:
        data = run_event.data
        if run_event.event == "done":
            data = {
                **data,
                "html": render(str(data.get("content", ""))),
                "how": how_it_was_answered(data.get("meta", {})),
            }
        yield event(run_event.event, data, event_id=str(run_event.seq))


async def _until_gone(
    services: Services, run: Run, who: Identity
) -> AsyncIterator[ServerSentEvent]:
    finished = False
    try:
        async for sent in _as_sent(services.runs.events(run.id, after=0)):
            finished = sent.event in {"done", "error"}
            yield sent
    finally:
        if not finished:
            await services.runs.stop(run.id, by=who.name)
