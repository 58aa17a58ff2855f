"""The crew's cost without the model's: first event, whole answer, calls, prompt tokens.

``python -m bench.chat [--questions 20] [--json]``. The model takes no time: the built-in one.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from dataclasses import dataclass
from uuid import UUID

from commandcenter.offline import keep_libraries_offline

keep_libraries_offline()

from agents.assistant import CrewAssistant  # noqa: E402 - after the libraries' variables are set
from agents.models.settings import ModelSettings  # noqa: E402 - as above
from services.accounts.records import Role, Scope, User  # noqa: E402 - as above
from services.chat.records import Run  # noqa: E402 - as above
from services.chat.runs import Runs  # noqa: E402 - as above
from services.stored import Json  # noqa: E402 - as above
from tests.fakes.sites.assistant_site import SYSTEM_ID, USER_ID, build_site  # noqa: E402 - as above

QUESTION = "What is my battery voltage right now and why is the dump load off?"
GOALS = {"first_event_ms": 100.0, "calls": 3.0, "prompt_tokens": 3_000.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """One question: wall ms, model calls, prompt tokens."""

    first_event_ms: float
    first_token_ms: float
    answer_ms: float
    calls: float
    prompt_tokens: float


async def measure(questions: int) -> list[Timed]:
    """Ask ``questions`` times, one after the other, on a warm crew."""
    site = await build_site()
    assistant = CrewAssistant(services=site.services, models=ModelSettings(), who_asks=_owner)
    runs = Runs(
        assistant=assistant,
        conversations=site.stores.conversations,
        bus=site.stores.events,
        clock=site.stores.clock,
    )
    await asyncio.wrap_future(assistant.warm())
    user = User(
        id=USER_ID, email="o@example.com", role=Role.USER, created_at=site.stores.clock.now()
    )
    await _ask(runs, user, SYSTEM_ID)
    timed = [await _ask(runs, user, SYSTEM_ID) for _ in range(questions)]
    await runs.close()
    await assistant.close()
    return timed


async def _owner(_: Run) -> tuple[str, Role]:
    return "o@example.com", Role.USER


async def _ask(runs: Runs, user: User, system_id: UUID) -> Timed:
    started = time.perf_counter()
    run = await runs.start(user, system_id, QUESTION, scope=Scope.CONTROL)
    first: dict[str, float] = {}
    usage: Json = {}
    async for event in runs.events(run.id):
        ms = (time.perf_counter() - started) * 1000
        first.setdefault(event.event, ms)
        if event.event == "usage":
            usage = event.data
    return Timed(
        first_event_ms=min(first.values()),
        first_token_ms=first["token"],
        answer_ms=first["done"],
        calls=float(usage["calls"]),
        prompt_tokens=float(usage["prompt_tokens"]),
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    timed = asyncio.run(measure(max(1, given.questions)))
    rows = {
        name: _row([float(getattr(question, name)) for question in timed])
        for name in Timed.__slots__
    }
    missed = [name for name, goal in GOALS.items() if rows[name]["p95"] > goal]
    if given.json:
        print(json.dumps({"questions": len(timed), "rows": rows, "goals": GOALS, "missed": missed}))
    else:
        _print(rows, missed)
    return 1 if missed else 0


def _row(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        "p50": round(statistics.median(ordered), 1),
        "p95": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))], 1),
    }


def _print(rows: dict[str, dict[str, float]], missed: list[str]) -> None:
    print(f"{'':16}{'p50':>10}{'p95':>10}{'goal':>10}")
    for name, row in rows.items():
        goal = f"{GOALS[name]:>10g}" if name in GOALS else ""
        print(f"{name:16}{row['p50']:>10g}{row['p95']:>10g}{goal}")
    print(f"missed: {', '.join(missed)}" if missed else "all goals met")


if __name__ == "__main__":
    sys.exit(main())
