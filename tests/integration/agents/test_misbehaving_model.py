"""Whatever a model does, the run ends in bounded time, with a plain sentence."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest

from services.chat.records import RunLimits
from tests.fakes.model_server import ModelServer, Reply, Script, crew_script

Json = dict[str, Any]
QUESTION = "What is my battery voltage right now and why is the dump load off?"
LIMITS = RunLimits(seconds=6.0, calls=8, tokens=20_000, answer_chars=4_000)
AMPLE = replace(LIMITS, seconds=90.0)
"""For models that another limit than time ends, however slow the machine is."""

answering = crew_script("It is 52.31 V.")


def endless_text() -> Iterable[Json]:
    return ({"content": f"and {number} "} for number in itertools.count())


def endless_nothing() -> Iterable[Json]:
    return itertools.repeat({"role": "assistant", "content": ""})


def ten_megabytes() -> Iterable[Json]:
    return iter([{"content": "x" * 10_000_000}])


def endless_arguments() -> Iterable[Json]:
    first = {"index": 0, "id": "a", "function": {"name": "battery_status", "arguments": '{"x":"'}}
    more = {"index": 0, "function": {"arguments": "y" * 100}}
    return itertools.chain([{"tool_calls": [first]}], itertools.repeat({"tool_calls": [more]}))


def garbage_arguments() -> Iterable[Json]:
    call = {"index": 0, "id": "a", "function": {"name": "battery_status", "arguments": "{]}oops"}}
    return iter([{"tool_calls": [call]}])


def invalid_utf8() -> Iterable[bytes]:
    text = b'data: {"choices": [{"index": 0, "delta": {"content": "52 \xff\xfe\xc3( V"}}]}\n\n'
    return iter([text])


def not_json() -> Iterable[bytes]:
    return iter([b"data: <html>gateway error</html>\n\n", b"data: {{{\n\n"])


def nul_characters() -> Iterable[Json]:
    return iter([{"content": "52.31\x00 V \ud83d"}])


def hundred_calls() -> Iterable[Json]:
    return iter(
        {
            "tool_calls": [
                {"index": n, "id": f"c{n}", "function": {"name": "alerts", "arguments": "{}"}}
            ]
        }
        for n in range(100)
    )


def unknown_tool() -> Iterable[Json]:
    call = {"index": 0, "id": "a", "function": {"name": "rm_rf", "arguments": "{}"}}
    return iter([{"tool_calls": [call]}])


def handed_off(then: Reply) -> Script:
    """The manager is well; the specialist's model replies ``then``, every time."""

    def script(request: Json, _: int) -> Reply:
        names = {tool["function"]["name"] for tool in request.get("tools", [])}
        if "hand_off" in names:
            return Reply(tools=[("hand_off", {"agent": "monitor", "request": "it"})])
        return then

    return script


def always_a_tool(request: Json, _: int) -> Reply:
    names = {tool["function"]["name"] for tool in request.get("tools", [])}
    if "consult" in names:
        return Reply(tools=[("consult", {"agents": ["monitor", "solar"], "request": "again"})])
    return Reply(tools=[("battery_status", {})])


BUILT_IN = "The built-in model answered instead."


@pytest.mark.parametrize(
    ("script", "said"),
    [
        pytest.param(
            handed_off(Reply(deltas=endless_text, pause_s=0.0005)),
            "it took more than 4000 characters (RUN_MAX_ANSWER_CHARS)",
            id="endless text",
        ),
        pytest.param(
            handed_off(Reply(deltas=endless_nothing, pause_s=0.01)),
            "longer than 6 s (RUN_MAX_SECONDS)",
            id="an endless stream of nothing",
        ),
        pytest.param(
            handed_off(Reply(deltas=ten_megabytes)), "RUN_MAX_ANSWER_CHARS", id="10 MB at once"
        ),
        pytest.param(
            handed_off(Reply(deltas=endless_arguments, pause_s=0.0005)),
            "RUN_MAX_ANSWER_CHARS",
            id="endless arguments",
        ),
        pytest.param(handed_off(Reply(deltas=garbage_arguments)), BUILT_IN, id="garbage arguments"),
        pytest.param(handed_off(Reply(deltas=invalid_utf8)), "52", id="invalid UTF-8"),
        pytest.param(handed_off(Reply(deltas=not_json)), BUILT_IN, id="no JSON"),
        pytest.param(handed_off(Reply(deltas=nul_characters)), "52.31\ufffd V", id="NUL"),
        pytest.param(handed_off(Reply(deltas=hundred_calls)), BUILT_IN, id="a hundred calls"),
        pytest.param(handed_off(Reply(deltas=unknown_tool)), "", id="an unknown tool"),
        pytest.param(always_a_tool, "", id="tools for ever"),
        pytest.param(handed_off(Reply(silent=True)), "RUN_MAX_SECONDS", id="silent for ever"),
        pytest.param(handed_off(Reply(status=429)), BUILT_IN, id="429"),
        pytest.param(handed_off(Reply(status=500)), BUILT_IN, id="500"),
        pytest.param(handed_off(Reply(status=400)), BUILT_IN, id="400"),
        pytest.param(handed_off(Reply(status=401)), "refused the key (HTTP 401)", id="401"),
        pytest.param(handed_off(Reply(text="")), BUILT_IN, id="nothing at all"),
    ],
)
async def test_the_run_ends_with_a_sentence(
    make_desk: Callable[..., Any], script: Script, said: str
) -> None:
    limits = LIMITS if "RUN_MAX_SECONDS" in said else AMPLE
    async with ModelServer(script=script).running() as server:
        desk = await make_desk(
            model="openai/x",
            base_url=server.base_url,
            limits=limits,
            backoff_s=0.01,
            retries=1,
            timeout_s=60.0,
        )
        async with asyncio.timeout(limits.seconds + 15.0):
            answer = await desk.ask(QUESTION)
    assert len(server.requests) <= 2 * LIMITS.calls
    assert answer.events[-1].event in {"done", "error"}
    assert answer.message.content.strip()
    assert said in answer.message.content
    assert len(answer.message.content) < 2 * LIMITS.answer_chars
    assert "Traceback" not in answer.message.content


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        pytest.param(RunLimits(calls=1), "more than 1 model calls (RUN_MAX_CALLS)", id="calls"),
        pytest.param(RunLimits(tokens=150), "more than 150 tokens (RUN_MAX_TOKENS)", id="tokens"),
        pytest.param(
            RunLimits(answer_chars=10),
            "more than 10 characters (RUN_MAX_ANSWER_CHARS)",
            id="length",
        ),
        pytest.param(RunLimits(seconds=0.0), "longer than 0 s (RUN_MAX_SECONDS)", id="time"),
    ],
)
async def test_each_limit_ends_the_run_and_names_its_setting(
    make_desk: Callable[..., Any], limits: RunLimits, said: str
) -> None:
    async with ModelServer(script=answering).running() as server:
        desk = await make_desk(model="openai/x", base_url=server.base_url, limits=limits)
        answer = await desk.ask(QUESTION)
    assert answer.message.status == "stopped"
    assert said in answer.message.content


async def test_two_calls_with_one_id_are_two_calls(make_desk: Callable[..., Any]) -> None:
    def twice() -> Iterable[Json]:
        for index, name in enumerate(("battery_status", "alerts")):
            call = {"index": index, "id": "same", "function": {"name": name, "arguments": "{}"}}
            yield {"tool_calls": [call]}

    def script(request: Json, number: int) -> Reply:
        if number == 1:
            return Reply(tools=[("hand_off", {"agent": "monitor", "request": "it"})])
        if number == 2:
            return Reply(deltas=twice)
        return Reply(text="Both were read.")

    async with ModelServer(script=script).running() as server:
        desk = await make_desk(model="openai/x", base_url=server.base_url)
        answer = await desk.ask(QUESTION)
    assert sorted(answer.tools) == ["alerts", "battery_status"]
    assert answer.text.strip() == "Both were read."
    results = [m for m in server.requests[2]["messages"] if m["role"] == "tool"]
    assert len({result["tool_call_id"] for result in results}) == 2
    assert "52.31" in json.dumps(results)


async def test_many_endless_runs_leave_the_loop_free(make_desk: Callable[..., Any]) -> None:
    script = handed_off(Reply(deltas=endless_text, pause_s=0.0005))
    async with ModelServer(script=script).running() as server:
        desk = await make_desk(model="openai/x", base_url=server.base_url, limits=LIMITS)
        answers = await asyncio.gather(*(desk.ask(QUESTION) for _ in range(4)))
    assert all("RUN_MAX_" in answer.message.content for answer in answers)
    assert all(len(answer.of("token")) < 100 for answer in answers)
