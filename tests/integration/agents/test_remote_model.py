"""The crew with a model behind a server: calls, streaming, failures, stopping."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from services.accounts.records import Scope
from services.chat.records import RunStatus
from tests.fakes.model_server import ModelServer, Reply, crew_script
from tests.fakes.sites.assistant_site import SYSTEM_ID
from tests.waiting import until

QUESTION = "What is my battery voltage right now and why is the dump load off?"


SAID = "It is 52.31 V and the dump load needs 54.50 V."
answering = crew_script(SAID)


async def test_a_question_takes_three_calls_with_native_tools_and_streams(make_desk: Any) -> None:
    async with ModelServer(script=answering).running() as server:
        desk = await make_desk(model="openai/anything", base_url=server.base_url)
        answer = await desk.ask(QUESTION)

    assert answer.text.strip() == SAID
    assert len(server.requests) == 3
    assert sorted(answer.tools) == ["battery_status", "decision_explanation"]
    assert answer.meta["agents"] == ["master", "monitor"]
    assert answer.meta["usage"] == {
        "calls": 3,
        "prompt_tokens": 300,
        "completion_tokens": 13,
        "cost_usd": None,
        "models": ["openai/anything"],
    }
    results = [m for m in server.requests[2]["messages"] if m["role"] == "tool"]
    assert json.loads(results[0]["content"])["battery"]["voltage"]["value"] == 52.31
    assert len(answer.of("token")) <= 11
    assert next(each.event for each in answer.events) == "start"
    assert [each.event for each in answer.events][-2:] == ["usage", "done"]


@pytest.mark.parametrize(
    ("first", "requests"),
    [
        pytest.param(Reply(status=429), 4, id="rate limited"),
        pytest.param(Reply(status=500), 4, id="server error"),
        pytest.param(Reply(text="one two three four", cut_after=3), 4, id="cut in mid-stream"),
    ],
)
async def test_a_failure_that_passes_is_tried_again(
    make_desk: Any, first: Reply, requests: int
) -> None:
    def script(request: dict[str, Any], number: int) -> Reply:
        return first if number == 1 else answering(request, number)

    async with ModelServer(script=script).running() as server:
        desk = await make_desk(model="openai/x", base_url=server.base_url, backoff_s=0.01)
        answer = await desk.ask(QUESTION)

    assert answer.text.strip() == SAID
    assert len(server.requests) == requests


async def test_a_model_that_stays_down_is_replaced_by_the_built_in_one_which_says_so(
    make_desk: Any,
) -> None:
    async with ModelServer(script=lambda *_: Reply(status=503)).running() as server:
        desk = await make_desk(
            model="openai/x", base_url=server.base_url, backoff_s=0.01, retries=1
        )
        answer = await desk.ask(QUESTION)

    assert "52.31 V" in answer.text
    assert "54.50 V" in answer.text
    assert "The built-in model answered instead." in answer.text
    assert answer.meta["models"] == ["built-in"]
    assert len(server.requests) == 2


async def test_nothing_listening_falls_back_too(make_desk: Any) -> None:
    desk = await make_desk(
        model="openai/x", base_url="http://127.0.0.1:9/v1", backoff_s=0.01, retries=0
    )
    answer = await desk.ask(QUESTION)
    assert "52.31 V" in answer.text
    assert "no connection" in answer.text


async def test_a_bad_key_is_one_clear_sentence(make_desk: Any) -> None:
    async with ModelServer(script=lambda *_: Reply(status=401)).running() as server:
        desk = await make_desk(model="openai/x", base_url=server.base_url, api_key="wrong")
        answer = await desk.ask(QUESTION)

    assert answer.message is not None
    assert answer.message.status == "failed"
    assert answer.events[-1].event == "error"
    assert answer.events[-1].data["message"] == (
        f"The model openai/x can't be used: {server.base_url} refused the key (HTTP 401). Set the "
        "provider's key (e.g. OPENAI_API_KEY), or unset LLM_MODEL to use the built-in model."
    )
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "slow",
    [
        pytest.param(Reply(text="word " * 200, pause_s=0.02), id="while it writes"),
        pytest.param(Reply(silent=True), id="while it is silent"),
    ],
)
async def test_stop_closes_the_providers_connection(make_desk: Any, slow: Reply) -> None:
    def script(request: dict[str, Any], number: int) -> Reply:
        return answering(request, number) if number < 3 else slow

    async with ModelServer(script=script).running() as server:
        desk = await make_desk(model="openai/x", base_url=server.base_url)
        run = await desk.runs.start(desk.user, SYSTEM_ID, QUESTION, scope=Scope.CONTROL)
        seen = []
        async for event in desk.runs.events(run.id):
            seen.append(event)
            if len(server.requests) == 3 and not any(e.event == "stop" for e in seen):
                await desk.runs.stop(run.id, "owner")
            elif event.data.get("tool") == "decision_explanation":
                while len(server.requests) < 3:
                    await asyncio.sleep(0)
                await desk.runs.stop(run.id, "owner")
        await until(lambda: server.disconnects == 1)

    assert len(server.requests) == 3
    assert (await desk.runs.run(run.id)).status is RunStatus.STOPPED
    assert seen[-1].event == "done"
    assert seen[-1].data["status"] == "stopped"


async def test_text_before_a_tool_call_is_taken_back(make_desk: Any) -> None:
    def script(request: dict[str, Any], number: int) -> Reply:
        if number == 1:
            return Reply(
                text="Let me see",
                tools=[("hand_off", {"agent": "victron", "request": "voltage"})],
            )
        return Reply(text="52.31 V")

    async with ModelServer(script=script).running() as server:
        desk = await make_desk(model="openai/x", base_url=server.base_url)
        answer = await desk.ask("battery voltage?")

    assert answer.text.strip() == "52.31 V"
    assert any(token.get("replace") for token in answer.of("token"))


async def test_ten_questions_at_once_do_not_mix(make_desk: Any) -> None:
    def script(request: dict[str, Any], _: int) -> Reply:
        text = json.dumps(request["messages"])
        number = text.split("question number ")[1].split()[0]
        if "hand_off" in json.dumps(request.get("tools", [])):
            return Reply(tools=[("hand_off", {"agent": "solar", "request": "it"})])
        return Reply(text=f"answer {number} end", pause_s=0.005)

    async with ModelServer(script=script).running() as server:
        desk = await make_desk(model="openai/x", base_url=server.base_url)
        answers = await asyncio.gather(
            *(desk.ask(f"question number {number} about solar") for number in range(10))
        )

    assert [each.text.strip() for each in answers] == [f"answer {n} end" for n in range(10)]
    assert all(each.meta["usage"]["calls"] == 2 for each in answers)


async def test_a_picked_agent_skips_the_routing(make_desk: Any) -> None:
    async with ModelServer(script=lambda *_: Reply(text="8450 W")).running() as server:
        desk = await make_desk(model="openai/x", base_url=server.base_url)
        answer = await desk.ask("How much sun?", agent="solar")

    assert answer.text.strip() == "8450 W"
    assert len(server.requests) == 1
    assert answer.meta["agents"] == ["solar"]


async def test_only_loopback_is_looked_up(make_desk: Any, only_loopback: list[str]) -> None:
    async with ModelServer(script=answering).running() as server:
        desk = await make_desk(model="openai/x", base_url=server.base_url)
        await desk.ask(QUESTION)
    assert set(only_loopback) <= {"127.0.0.1", "localhost", "None"}
