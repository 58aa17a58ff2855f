"""A question is a run: streamed, resumed, stopped, asked in one go, kept, exported."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from services.accounts.records import Scope
from services.chat.records import RunStatus
from tests.fakes.run_assistant import ScriptedAssistant
from tests.fakes.sites.web_site import WebSite
from tests.integration.server.conftest import Callers
from tests.integration.server.listening import Heard, listening

WORDS = ("It is ", "**52.31 V**", " now.")
SAID = "It is **52.31 V** now."


def scripted(site: WebSite) -> ScriptedAssistant:
    assert isinstance(site.assistant, ScriptedAssistant)
    site.assistant.words = WORDS
    return site.assistant


async def bearer(site: WebSite) -> dict[str, str]:
    return {"Authorization": f"Bearer {await site.token('owner@example.com', Scope.CONTROL)}"}


async def everything(
    site: WebSite, run_id: str, headers: dict[str, str], query: str = ""
) -> list[Heard]:
    path = f"/api/runs/{run_id}/events"
    heard: list[Heard] = []
    async with listening(site.app, path, query=query, headers=headers) as line:
        while not heard or heard[-1].name not in {"done", "error"}:
            heard.append(await line.next())
    assert line.status == 200
    assert line.headers["content-type"].startswith("text/event-stream")
    assert line.headers["cache-control"] == "no-store"
    return heard


async def test_a_run_is_told_in_numbered_named_events(site: WebSite, callers: Callers) -> None:
    scripted(site)
    client, headers = await callers.token(), await bearer(site)
    run = (await client.post("/api/runs", json={"question": "How full is it?"})).json()
    heard = await everything(site, run["id"], headers)
    assert [each.name for each in heard] == ["start", "token", "done"]
    assert [each.id for each in heard] == ["1", "2", "3"]
    assert heard[0].data["conversation_id"] == run["conversation_id"]
    assert "".join(each.data["text"] for each in heard[1:2]) == SAID
    assert heard[-1].data["content"] == SAID
    assert heard[-1].data["html"] == "<p>It is <strong>52.31 V</strong> now.</p>\n"


@pytest.mark.parametrize("by", ["header", "query"])
async def test_a_cut_stream_goes_on_where_it_was_cut(
    site: WebSite, callers: Callers, by: str
) -> None:
    assistant = scripted(site)
    assistant.gate = asyncio.Semaphore(1)
    client, headers = await callers.token(), await bearer(site)
    run = (await client.post("/api/runs", json={"question": "How full is it?"})).json()
    path = f"/api/runs/{run['id']}/events"
    async with listening(site.app, path, headers=headers) as line:
        cut_after = (await line.next("token")).id
    assert cut_after == "2"
    for _ in range(2):
        assistant.gate.release()
    again = headers | ({"Last-Event-ID": cut_after} if by == "header" else {})
    rest = await everything(site, run["id"], again, "" if by == "header" else f"after={cut_after}")
    assert [each.id for each in rest] == ["3", "4"]
    assert rest[0].data["text"] == "**52.31 V** now."


async def test_a_finished_run_can_be_heard_again(site: WebSite, callers: Callers) -> None:
    scripted(site)
    client, headers = await callers.token(), await bearer(site)
    answer = (await client.post("/api/ask", json={"question": "How full is it?"})).json()
    assert len(await everything(site, answer["run_id"], headers)) == 3


async def test_stop_keeps_what_was_said(site: WebSite, callers: Callers) -> None:
    assistant = scripted(site)
    assistant.gate = asyncio.Semaphore(1)
    client, headers = await callers.token(), await bearer(site)
    run = (await client.post("/api/runs", json={"question": "How full is it?"})).json()
    path = f"/api/runs/{run['id']}/events"
    async with listening(site.app, path, headers=headers) as line:
        await line.next("token")
        assert (await client.post(f"/api/runs/{run['id']}/stop")).status_code == 202
        assistant.gate.release()
        last = await line.next("done", "error")
    assert (last.data["status"], last.data["content"]) == ("stopped", "It is ")
    stored = (await client.get(f"/api/conversations/{run['conversation_id']}")).json()
    assert [message["content"] for message in stored["messages"]] == ["How full is it?", "It is "]
    assert (await client.post(f"/api/runs/{run['id']}/stop")).status_code == 202


async def test_going_away_from_chat_stops_the_run(site: WebSite) -> None:
    assistant = scripted(site)
    assistant.gate = asyncio.Semaphore(1)
    headers = await bearer(site) | {"Content-Type": "application/json"}
    body = json.dumps({"question": "How full is it?"}).encode()
    async with listening(site.app, "/api/chat", headers=headers, body=body, method="POST") as line:
        started = await line.next("start")
        await line.next("token")
    assistant.gate.release()
    run_id = started.data["run_id"]
    rest = await everything(site, run_id, headers)
    assert rest[-1].data["status"] == "stopped"
    stopped = await site.stores.conversations.runs_with_status(RunStatus.STOPPED)
    assert [str(run.id) for run in stopped] == [run_id]


async def test_a_failure_says_what_went_wrong(site: WebSite, callers: Callers) -> None:
    assistant = scripted(site)
    assistant.error = RuntimeError("secret detail")
    client, headers = await callers.token(), await bearer(site)
    answer = await client.post("/api/ask", json={"question": "How full is it?"})
    assert answer.status_code == 503
    assert "secret detail" not in answer.text
    while not (runs := await site.stores.conversations.runs_with_status(RunStatus.FAILED)):
        await asyncio.sleep(0.01)
    heard = await everything(site, str(runs[0].id), headers)
    assert heard[-1].name == "error"
    assert heard[-1].data["message"]


async def test_who_reloads_in_the_middle_of_an_answer_finds_it_going_on(
    site: WebSite, callers: Callers
) -> None:
    assistant = scripted(site)
    assistant.gate = asyncio.Semaphore(1)
    client = await callers.browser()
    run = (await client.post("/api/runs", json={"question": "How full is it?"})).json()
    address = f"/chat?conversation={run['conversation_id']}"
    whole = f"/api/conversations/{run['conversation_id']}"
    assert (await client.get(whole)).json()["running"] == run["id"]
    page = (await client.get(address)).text
    assert f'data-run="{run["id"]}"' in page
    assert "How was this answered?" not in page

    assistant.gate.release()
    assistant.gate.release()
    await everything(site, run["id"], await bearer(site))
    assert (await client.get(whole)).json()["running"] is None
    page = (await client.get(address)).text
    assert "data-run=" not in page
    assert "<strong>52.31 V</strong>" in page
    assert "How was this answered?" in page


async def test_one_question_at_a_time_in_a_conversation(site: WebSite, callers: Callers) -> None:
    assistant = scripted(site)
    assistant.gate = asyncio.Semaphore(0)
    client = await callers.token()
    run = (await client.post("/api/runs", json={"question": "First?"})).json()
    second = {"question": "Second?", "conversation_id": run["conversation_id"]}
    assert (await client.post("/api/runs", json=second)).status_code == 409
    for _ in WORDS:
        assistant.gate.release()
    await everything(site, run["id"], await bearer(site))
    assert (await client.post("/api/runs", json=second)).status_code == 202


async def test_a_conversation_is_listed_exported_and_deleted(
    site: WebSite, callers: Callers
) -> None:
    scripted(site)
    client = await callers.token()
    asked = (await client.post("/api/ask", json={"question": "How full is it?"})).json()
    assert asked["answer"] == SAID
    listed: list[dict[str, Any]] = (await client.get("/api/conversations")).json()["items"]
    assert [each["title"] for each in listed] == ["How full is it?"]
    path = f"/api/conversations/{asked['conversation_id']}"
    exported = await client.get(f"{path}/export?format=md")
    assert exported.headers["content-type"].startswith("text/markdown")
    assert SAID in exported.text
    as_json = await client.get(f"{path}/export?format=json")
    assert as_json.json()["messages"][1]["content"] == SAID
    assert (await client.delete(path)).status_code == 204
    assert (await client.get(path)).status_code == 404


@pytest.mark.parametrize("way", ["/api/ask", "/api/runs", "/api/chat"])
@pytest.mark.parametrize(
    ("email", "token", "granted"),
    [
        pytest.param("owner@example.com", Scope.READ, Scope.READ, id="admin's read token"),
        pytest.param("owner@example.com", Scope.CONTROL, Scope.CONTROL, id="control token"),
        pytest.param("owner@example.com", None, Scope.ADMIN, id="admin in person"),
        pytest.param("visitor@example.com", None, Scope.READ, id="viewer in person"),
    ],
)
async def test_a_run_can_do_no_more_than_who_asked(
    site: WebSite, callers: Callers, way: str, email: str, token: Scope | None, granted: Scope
) -> None:
    client = await (callers.browser(email) if token is None else callers.token(token, email=email))
    assert (await client.post(way, json={"question": "Turn on the S19"})).status_code < 300
    stored = [
        run
        for status in RunStatus
        for run in await site.stores.conversations.runs_with_status(status)
    ]
    assert [run.scope for run in stored] == [granted]
