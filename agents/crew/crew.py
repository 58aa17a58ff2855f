"""One crew per question: a manager, four specialists, one task.

Importing this module imports CrewAI (seconds); ``agents.assistant`` does so in the background.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from crewai import Agent, Crew, Process, Task
from crewai.agents.agent_executor import AgentExecutor, AgentExecutorState
from pydantic import PrivateAttr

from agents.crew.crew_tools import CrewTool, Recorder
from agents.crew.delegation import Master
from agents.models.crew_model import CrewModel
from agents.roles.prompts import BACKSTORIES, EXPECTED, GOALS, MASTER, QUESTION, REQUEST, mark
from agents.roles.roster import TOOLS_OF
from tools.registry import AnyTool

MOST_STEPS = 5


class _NoStore:
    """Replaces CrewAI's file of prompts and answers; ours are stored in the database."""

    def reset(self) -> None:
        """Nothing is kept."""

    def update(self, *_: Any) -> None:
        """Nothing is kept."""

    def add(self, *_: Any, **__: Any) -> None:
        """Nothing is kept."""

    def load(self) -> list[Any]:
        """Nothing is kept."""
        return []


class QuietCrew(Crew):
    """A crew that writes no file."""

    _task_output_handler: Any = PrivateAttr(default_factory=_NoStore)


def _plain_state(_: AgentExecutor) -> AgentExecutorState:
    return AgentExecutorState()


# A pydantic class is otherwise built anew for every agent of every question: a third of the time.
# The library has no other place to say so: hence the assignment to its protected method.
AgentExecutor._create_initial_state = _plain_state  # type: ignore[assignment,method-assign]  # noqa: SLF001 - see above


def build_crew(
    *,
    context: tuple[str, str],
    question: str,
    tools: Mapping[str, AnyTool],
    models: tuple[CrewModel, CrewModel],
    loop: asyncio.AbstractEventLoop,
    record: Recorder,
    agent: str | None,
) -> QuietCrew:
    """The crew for one question.

    ``context`` and ``models`` are the specialists' and the manager's. A picked ``agent`` answers
    alone, without routing.
    """
    own, routing = context
    asked = mark(QUESTION, question)

    def brief(request: str) -> str:
        return "\n".join(part for part in (own, mark(REQUEST, request), asked) if part)

    specialists = {
        name: _agent(
            name, models[0], [CrewTool.of(tools[tool], loop, record) for tool in TOOLS_OF[name]]
        )
        for name in (TOOLS_OF if agent is None else [agent])
    }
    if agent is not None:
        whole = "\n".join(part for part in (own, asked) if part)
        task = Task(description=whole, expected_output=EXPECTED, agent=specialists[agent])
        return QuietCrew(
            agents=list(specialists.values()),
            tasks=[task],
            process=Process.sequential,
            **_CREW,
        )
    manager = Master(**_profile(MASTER), llm=models[1], allow_delegation=True, **_AGENT)
    manager.brief_with(brief)
    description = "\n".join(part for part in (routing, asked) if part)
    return QuietCrew(
        agents=list(specialists.values()),
        tasks=[Task(description=description, expected_output=EXPECTED)],
        process=Process.hierarchical,
        manager_agent=manager,
        **_CREW,
    )


_CREW: dict[str, Any] = {"cache": False, "memory": False, "planning": False, "verbose": False}
_AGENT: dict[str, Any] = {
    "max_iter": MOST_STEPS,
    "max_retry_limit": 0,
    "respect_context_window": False,
    "use_better_compaction": False,
    "verbose": False,
}


def _profile(name: str) -> dict[str, Any]:
    return {"role": name, "goal": GOALS[name], "backstory": BACKSTORIES[name]}


def _agent(name: str, model: CrewModel, tools: list[CrewTool]) -> Agent:
    return Agent(**_profile(name), llm=model, tools=tools, allow_delegation=False, **_AGENT)
