"""One warm crew for all tests of this folder: importing CrewAI costs seconds and 250 MB."""

from __future__ import annotations

import asyncio
import importlib
import os
import socket
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from agents.models.offline import ENVIRONMENT

os.environ.update(ENVIRONMENT)  # noqa: TID251 - before the first import of CrewAI, as the program does

with warnings.catch_warnings():
    # What CrewAI's own import warns of is not ours; from here on warnings are errors again.
    warnings.simplefilter("ignore")
    importlib.import_module("agents.crew.crew")
    importlib.import_module("agents.crew.stream")
    importlib.import_module("litellm")

from agents.assistant import CrewAssistant
from agents.models.settings import ModelSettings
from services.accounts.records import Role, User
from services.accounts.rights import rights
from services.chat.records import Message, Run, RunEvent, RunLimits
from services.chat.runs import Runs
from services.stored import Json
from tests.fakes.sites.assistant_site import SYSTEM_ID, USER_ID, AssistantSite, build_site


@dataclass
class Answer:
    """One answered question, as a follower saw it."""

    events: list[RunEvent] = field(default_factory=list)
    text: str = ""
    message: Message | None = None

    @property
    def meta(self) -> Json:
        assert self.message is not None
        return self.message.meta

    @property
    def tools(self) -> list[str]:
        return [call["name"] for call in self.meta.get("tools", [])]

    def of(self, name: str) -> list[Json]:
        return [each.data for each in self.events if each.event == name]


@dataclass
class Desk:
    """A site, its assistant and its runs."""

    site: AssistantSite
    assistant: CrewAssistant
    runs: Runs
    errors: list[Exception]
    user: User

    async def ask(self, question: str, **options: Any) -> Answer:
        options.setdefault("scope", rights(self.user.role))
        run = await self.runs.start(self.user, SYSTEM_ID, question, **options)
        answer = Answer()
        async for event in self.runs.events(run.id):
            answer.events.append(event)
            if event.event == "token":
                text = event.data["text"]
                answer.text = text if event.data.get("replace") else answer.text + text
        stored = await self.site.stores.conversations.messages(run.conversation_id)
        answer.message = next(each for each in stored if each.id == run.message_id)
        return answer


MakeDesk = Callable[..., "asyncio.Future[Desk]"]


@pytest.fixture
async def make_desk() -> AsyncIterator[Callable[..., Any]]:
    made: list[Desk] = []

    async def make(
        *, role: Role = Role.USER, limits: RunLimits | None = None, **models: Any
    ) -> Desk:
        most = limits if limits is not None else RunLimits()
        site = await build_site()

        async def who_asks(_run: Run) -> tuple[str, Role]:
            return "owner@example.com", role

        assistant = CrewAssistant(
            services=site.services,
            models=ModelSettings(**models),
            who_asks=who_asks,
            limits=most,
            threads=12,
        )
        errors: list[Exception] = []
        runs = Runs(
            assistant=assistant,
            conversations=site.stores.conversations,
            bus=site.stores.events,
            clock=site.stores.clock,
            limits=most,
            on_error=lambda _run, error: errors.append(error),
        )
        user = User(
            id=USER_ID, email="owner@example.com", role=role, created_at=site.stores.clock.now()
        )
        await asyncio.wrap_future(assistant.warm())
        made.append(Desk(site=site, assistant=assistant, runs=runs, errors=errors, user=user))
        return made[-1]

    yield make
    for desk in made:
        await desk.runs.close()
        await desk.assistant.close()


@pytest.fixture
async def desk(make_desk: Callable[..., Any]) -> Desk:
    made: Desk = await make_desk()
    return made


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every name that is looked up; anything but loopback fails the test."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def guarded(host: Any, *rest: Any, **named: Any) -> Any:
        asked.append(str(host))
        return real(host, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", guarded)
    yield asked
    assert {
        each for each in asked if each not in {"127.0.0.1", "localhost", "::1", "None"}
    } == set()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """CrewAI and LiteLLM warn of their own code; only that is let through."""
    for item in items:
        if "integration/agents" in item.path.as_posix():
            item.add_marker(pytest.mark.filterwarnings("ignore::DeprecationWarning"))
            item.add_marker(pytest.mark.filterwarnings("ignore::UserWarning"))
