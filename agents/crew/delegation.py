"""The manager's two tools: hand the question off to one specialist, or consult several.

Unlike CrewAI's own tools they raise when a specialist fails, so that an error never becomes the
answer.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

from crewai import Agent, Task
from crewai.agents.agent_builder.base_agent import BaseAgent
from crewai.tools import BaseTool
from pydantic import BaseModel, Field, PrivateAttr
from typing_extensions import override

from agents.roles.prompts import EXPECTED, WHO
from agents.run_context import current

Specialist = Literal["monitor", "solar", "victron", "optimizer"]
Brief = Callable[[str], str]


class HandOffArguments(BaseModel):
    """Which specialist answers, and what."""

    agent: Specialist
    request: str = Field(description="what to answer")


class ConsultArguments(BaseModel):
    """Which specialists answer, and what."""

    agents: list[Specialist]
    request: str = Field(description="what to answer")


class HandOff(BaseTool):
    """One specialist answers; its answer is the answer."""

    name: str = "hand_off"
    description: str = f"One specialist answers all of it. {WHO}."
    args_schema: type[BaseModel] = HandOffArguments
    result_as_answer: bool = True
    _crew: _Delegation = PrivateAttr()

    def bind(self, crew: _Delegation) -> None:
        """Set the specialists; once, before the first call."""
        self._crew = crew

    @override
    def _run(self, agent: str, request: str) -> str:
        return self._crew.ask(agent, request)


class Consult(BaseTool):
    """Several specialists answer at once; the manager composes."""

    name: str = "consult"
    description: str = "Several specialists answer, then you compose. Only if no single one can."
    args_schema: type[BaseModel] = ConsultArguments
    _crew: _Delegation = PrivateAttr()

    def bind(self, crew: _Delegation) -> None:
        """Set the specialists; once, before the first call."""
        self._crew = crew

    @override
    def _run(self, agents: list[str], request: str) -> str:
        names = list(dict.fromkeys(agents))
        with ThreadPoolExecutor(max_workers=len(names) or 1) as pool:
            asked = [
                pool.submit(contextvars.copy_context().run, self._crew.ask, name, request)
                for name in names
            ]
            answers = [agent.result() for agent in asked]
        pairs = zip(names, answers, strict=True)
        return "\n\n".join(f"[{name}]\n{answer}" for name, answer in pairs)


class _Delegation:
    """The specialists of one run, by name, and how a request becomes their task."""

    def __init__(self, specialists: Mapping[str, BaseAgent], brief: Brief) -> None:
        self._specialists, self._brief = specialists, brief

    def ask(self, name: str, request: str) -> str:
        """The specialist's finished answer.

        Raises:
            ValueError: There is no such specialist.
        """
        current().check()
        specialist = self._specialists.get(name.strip().casefold())
        if specialist is None:
            raise ValueError(f"no agent {name!r}; there are {', '.join(self._specialists)}")
        task = Task(description=self._brief(request), expected_output=EXPECTED, agent=specialist)
        return str(specialist.execute_task(task))


class Master(Agent):
    """The manager: the crew's stock agent with our two delegation tools instead of its own."""

    _brief: Brief = PrivateAttr(default=str)

    @override
    def get_delegation_tools(self, agents: Sequence[BaseAgent]) -> list[BaseTool]:
        """Hand off and consult, for the agents of this crew."""
        delegation = _Delegation({agent.role: agent for agent in agents}, self._brief)
        tools: list[HandOff | Consult] = [HandOff(), Consult()]
        for tool in tools:
            tool.bind(delegation)
        return list[Any](tools)

    def brief_with(self, brief: Brief) -> None:
        """Set how a request becomes a specialist's task."""
        self._brief = brief
