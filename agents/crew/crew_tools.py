"""Our tools in CrewAI's shape: called from worker threads, run in the event loop, stoppable."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import wait
from typing import Any

from crewai.tools import BaseTool
from pydantic import PrivateAttr
from typing_extensions import override

from agents.run_context import RunAborted, current
from services.stored import Json
from tools.registry import AnyTool

CHECK_S = 0.05
"""Time between two checks of a waiting call whether the run was stopped, s."""

Recorder = Callable[[Json], None]


class CrewTool(BaseTool):
    """One tool in the crew's shape; validation and errors stay the tool's own."""

    _tool: AnyTool = PrivateAttr()
    _loop: asyncio.AbstractEventLoop = PrivateAttr()
    _record: Recorder = PrivateAttr()

    @classmethod
    def of(cls, tool: AnyTool, loop: asyncio.AbstractEventLoop, record: Recorder) -> CrewTool:
        """``tool`` run on ``loop``; ``record`` gets name, arguments, result and ms of each call."""
        made = cls(name=tool.name, description=tool.description, args_schema=tool.arguments)
        made._tool, made._loop, made._record = tool, loop, record
        return made

    @override
    def run(self, *args: Any, **kwargs: Any) -> str:
        """The compact JSON result; bad arguments come back as a sentence, not as an exception."""
        del args
        return str(self._run(**kwargs))

    @override
    def _run(self, **kwargs: Any) -> str:
        run = current()
        run.check()
        future = asyncio.run_coroutine_threadsafe(self._tool.run(kwargs), self._loop)
        try:
            while not wait((future,), timeout=CHECK_S).done:
                run.check()
        except RunAborted:
            future.cancel()
            raise
        result = future.result()
        self._record(
            {"name": self.name, "arguments": kwargs, "result": result.data, "ms": result.ms}
        )
        return result.text
