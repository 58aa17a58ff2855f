"""Commands that talk to the assistant: ask."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

import typer

from agents.roles.roster import SPECIALISTS
from commandcenter.cli import options
from commandcenter.cli.edge import command, print_json
from commandcenter.cli.running_site import RunningSite, running_site
from commandcenter.settings import Settings, load_settings
from services.accounts.rights import rights
from services.errors import Invalid, NotFound, Unavailable
from services.stored import Json


@command
async def ask(
    question: Annotated[str, typer.Argument(help="What you want to know, in quotes.")],
    agent: Annotated[
        str | None,
        typer.Option(help=f"Who answers, without routing: {', '.join(SPECIALISTS)}."),
    ] = None,
    json: options.Json = False,
) -> None:
    """Ask the assistant; the answer streams to the terminal.

    The running program answers; where none runs, the site is brought up for this one question,
    which takes some seconds more.
    """
    if not question.strip():
        raise Invalid([("QUESTION", "is empty: write what you want to know in quotes")])
    if agent is not None and agent not in SPECIALISTS:
        raise Invalid([("--agent", f"must be one of {', '.join(SPECIALISTS)}; got {agent!r}")])
    settings = load_settings()
    async with running_site(settings) as site:
        if site is None:
            answer = await _told(_ask_here(settings, question, agent), quiet=json)
        else:
            answer = await _told(_ask_running(site, question, agent), quiet=json)
    if json:
        print_json(answer)
    else:
        typer.echo()


async def _told(events: AsyncIterator[tuple[str, Json]], *, quiet: bool) -> Json:
    """Show what comes; the last event is the whole answer."""
    answer: Json = {}
    async for name, data in events:
        if name == "error":
            raise_run_error(data)
        if name == "answer":
            answer = data
        elif not quiet:
            _show(name, data)
    return answer


async def _ask_running(
    site: RunningSite, question: str, agent: str | None
) -> AsyncIterator[tuple[str, Json]]:
    """The run's events from the running program, then the answer; going away stops the run."""
    run = await site.ask("POST", "/api/runs", {"question": question, "agent": agent})
    finished = False
    try:
        async for name, data in site.events(run["id"]):
            finished = finished or name in {"done", "error"}
            yield name, data
    finally:
        if not finished:
            await site.ask("POST", f"/api/runs/{run['id']}/stop")
    whole = await site.ask("GET", f"/api/conversations/{run['conversation_id']}")
    yield "answer", _answer(run, whole["messages"])


def _answer(run: Json, messages: list[Json]) -> Json:
    for message in messages:
        if message["id"] == run["message_id"]:
            return _shape(message["content"], message["agent"], message["meta"], run["id"])
    raise NotFound(kind="answer of run", key=str(run["id"]))


async def _ask_here(
    settings: Settings, question: str, agent: str | None
) -> AsyncIterator[tuple[str, Json]]:
    """The same from a site that is brought up for this question."""
    from commandcenter.wiring.composition import open_site

    async with open_site(settings, live=True) as site:
        owner = await site.owner()
        run = await site.runs.start(
            user=owner,
            system_id=site.system_id,
            question=question,
            conversation_id=None,
            agent=agent,
            scope=rights(owner.role),
        )
        async for event in site.runs.events(run.id, after=0):
            yield event.event, event.data
        for message in await site.stores.conversations.messages(run.conversation_id):
            if message.id == run.message_id:
                shape = _shape(message.content, message.agent, message.meta, str(run.id))
                yield "answer", shape


def _shape(content: str, agent: str | None, meta: Json, run_id: str) -> Json:
    return {"answer": content, "agent": agent, "meta": meta, "run": run_id}


def raise_run_error(data: Json) -> None:
    """Turn a run's error event into this process's error."""
    raise Unavailable(
        what="The assistant",
        detail=str(data.get("message", "failed")),
        advice=str(data.get("advice", "Ask again.")),
    )


def _show(event: str, data: Json) -> None:
    if event == "token":
        # A replacement takes back a thought that was not the answer: on a terminal it follows.
        typer.echo(("\n" if data.get("replace") else "") + data.get("text", ""), nl=False)
    elif event == "progress":
        typer.echo(f"· {data.get('text', '')}", err=True)
