"""Who may propose, and what: the owner's own words decide, whichever model answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agents.claims import NOTHING_DONE, ONLY_PROPOSED
from services.accounts.records import Role, Scope
from services.chat.records import RunLimits
from tests.fakes.model_server import ModelServer, Reply, Script
from tests.fakes.sites.assistant_site import DUMP, PRIMARY, PRIMARY_SWITCH

Json = dict[str, Any]
DUMP_ON = {"load": "dump load", "turn_on": True, "why": "there is enough sun"}


def proposing(*calls: Json) -> Script:
    """A model that proposes ``calls``, whatever was asked."""

    def script(request: Json, _: int) -> Reply:
        names = {tool["function"]["name"] for tool in request.get("tools", [])}
        if "hand_off" in names:
            return Reply(tools=[("hand_off", {"agent": "optimizer", "request": "switch it"})])
        if any(message["role"] == "tool" for message in request["messages"]):
            return Reply(text="Done.")
        return Reply(tools=[("propose_action", call) for call in calls])

    return script


def proposed(desk: Any) -> list[tuple[str, bool]]:
    names = {load.id: load.name for load in desk.site.stores.site._loads.values()}
    return [(names[action.load_id], action.target_on) for action in desk.site.proposals.proposed]


async def refusal(answer: Any) -> str:
    calls = [call for call in answer.meta["tools"] if call["name"] == "propose_action"]
    return " ".join(str(call["result"].get("error", "")) for call in calls)


@pytest.mark.parametrize(
    ("role", "scope", "may"),
    [
        pytest.param(Role.ADMIN, Scope.READ, False, id="admin with a read token"),
        pytest.param(Role.USER, Scope.READ, False, id="user with a read token"),
        pytest.param(Role.VIEWER, Scope.ADMIN, False, id="viewer, whatever the token said"),
        pytest.param(Role.USER, Scope.CONTROL, True, id="user in person"),
        pytest.param(Role.ADMIN, Scope.CONTROL, True, id="admin with a control token"),
    ],
)
@pytest.mark.parametrize("remote", [False, True], ids=["built-in", "remote"])
async def test_only_who_may_control_may_propose(
    make_desk: Callable[..., Any], role: Role, scope: Scope, may: bool, remote: bool
) -> None:
    async with ModelServer(script=proposing(DUMP_ON)).running() as server:
        model = {"model": "openai/x", "base_url": server.base_url} if remote else {}
        desk = await make_desk(role=role, **model)
        answer = await desk.ask("Turn on the dump load", scope=scope)
    assert proposed(desk) == ([(DUMP, True)] if may else [])
    assert bool(answer.of("action")) is may
    assert may or "needs the role user or admin" in await refusal(answer)


@pytest.mark.parametrize(
    "words", ["Start the primary miner", "turn on the S21 miner", "switch the primary on"]
)
async def test_a_miner_is_known_by_its_switch_or_its_settings(
    make_desk: Callable[..., Any], words: str
) -> None:
    desk = await make_desk()
    await desk.ask(words)
    assert proposed(desk) == [(PRIMARY_SWITCH, True)]


@pytest.mark.parametrize(
    ("words", "call", "why"),
    [
        pytest.param(
            "run the S21 for 2 hours then stop",
            {"load": "S21", "turn_on": False},
            "for later",
            id="timed",
        ),
        pytest.param(
            "turn off the dump load at 1 pm",
            {"load": DUMP, "turn_on": False},
            "for later",
            id="clock",
        ),
        pytest.param(
            "don't start the dump load",
            {"load": DUMP, "turn_on": True},
            "not to keep",
            id="negated",
        ),
        pytest.param(
            "start the S19 if the sun is out",
            {"load": DUMP, "turn_on": True},
            "depends on",
            id="condition",
        ),
        pytest.param(
            "turn on the S19 and the S21", {"load": DUMP, "turn_on": True}, "one switch", id="two"
        ),
        pytest.param("start miner 1", {"load": DUMP, "turn_on": True}, "Which one?", id="no name"),
        pytest.param(
            "turn on the dump load",
            {"load": PRIMARY, "turn_on": True},
            f"asked for {DUMP} on",
            id="another load",
        ),
        pytest.param(
            "turn on the dump load",
            {"load": DUMP, "turn_on": False},
            f"asked for {DUMP} on",
            id="other way",
        ),
        pytest.param(
            "Why is the dump load off?",
            {"load": DUMP, "turn_on": True},
            "does not ask",
            id="a question",
        ),
        pytest.param(
            "Should I start the dump load?",
            {"load": DUMP, "turn_on": True},
            "does not ask",
            id="advice",
        ),
        pytest.param(
            "Emergency stop!!", {"load": PRIMARY, "turn_on": False}, "Press STOP", id="emergency"
        ),
        pytest.param(
            "turn on the dump load",
            {"load": "miner 1", "turn_on": True},
            "no load is called",
            id="number",
        ),
    ],
)
async def test_a_remote_model_can_propose_only_what_the_owner_asked(
    make_desk: Callable[..., Any], words: str, call: Json, why: str
) -> None:
    async with ModelServer(script=proposing({**call, "why": "because"})).running() as server:
        desk = await make_desk(model="openai/x", base_url=server.base_url)
        answer = await desk.ask(words)
    assert proposed(desk) == []
    assert answer.of("action") == []
    assert why in await refusal(answer)


def saying(text: str) -> Script:
    """A model that calls nothing and says ``text``."""

    def script(request: Json, _: int) -> Reply:
        names = {tool["function"]["name"] for tool in request.get("tools", [])}
        if "hand_off" in names:
            return Reply(tools=[("hand_off", {"agent": "optimizer", "request": "switch it"})])
        return Reply(text=text)

    return script


@pytest.mark.parametrize(
    ("script", "words", "note"),
    [
        pytest.param(
            saying("I turned it on."), "Turn on the dump load", NOTHING_DONE, id="it lies"
        ),
        pytest.param(
            saying("Erledigt!"), "Turn on the dump load", NOTHING_DONE, id="in any language"
        ),
        pytest.param(
            saying("52 V. I've also switched the S19 off."),
            "What is the battery voltage?",
            NOTHING_DONE,
            id="it was not even asked",
        ),
        pytest.param(
            proposing({**DUMP_ON, "turn_on": False}),
            "Turn on the dump load",
            NOTHING_DONE,
            id="its proposal was refused",
        ),
        pytest.param(proposing(DUMP_ON), "Turn on the dump load", ONLY_PROPOSED, id="proposed"),
        pytest.param(saying("The battery is at 52 V."), "And the voltage?", None, id="a fact"),
    ],
)
async def test_a_remote_model_that_claims_a_switch_is_contradicted(
    make_desk: Callable[..., Any], script: Script, words: str, note: str | None
) -> None:
    async with ModelServer(script=script).running() as server:
        desk = await make_desk(model="openai/x", base_url=server.base_url)
        answer = await desk.ask(words)
    found = [each for each in (NOTHING_DONE, ONLY_PROPOSED) if each in answer.message.content]
    assert found == ([] if note is None else [note])


@pytest.mark.parametrize(("most", "made"), [(1, 1), (0, 0)])
async def test_a_question_makes_no_more_proposals_than_it_may(
    make_desk: Callable[..., Any], most: int, made: int
) -> None:
    calls = [{**DUMP_ON, "why": f"reason {number}"} for number in range(3)]
    async with ModelServer(script=proposing(*calls)).running() as server:
        desk = await make_desk(
            model="openai/x", base_url=server.base_url, limits=RunLimits(proposals=most)
        )
        answer = await desk.ask("Turn on the dump load")
    assert len(proposed(desk)) == made
    assert "RUN_MAX_PROPOSALS" in await refusal(answer)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("run the S21 for 2 hours then stop", "for later or for a time"),
        ("turn off the S19 at 1 pm", "for later or for a time"),
        ("turn on the heater tomorrow", "for later or for a time"),
        ("start miner 1", "Which one?"),
        ("don't turn off the primary", "not to keep it"),
        ("turn on the S19 and the S21", "one switch at a time"),
        ("start the S19 if there is enough sun", "depends on something"),
        ("turn on all miners", "one switch at a time"),
        ("Emergency stop!!", "Press STOP: it is on every page"),
        ("shut everything down", "Press STOP: it is on every page"),
    ],
)
async def test_the_built_in_model_asks_back_instead_of_guessing(
    desk: Any, words: str, said: str
) -> None:
    answer = await desk.ask(words)
    assert said in answer.text
    assert proposed(desk) == []
    assert answer.meta["usage"]["calls"] == 1


async def test_a_question_beside_a_request_is_answered_too(desk: Any) -> None:
    answer = await desk.ask("Turn on the dump load. What is my battery voltage?")
    assert proposed(desk) == [(DUMP, True)]
    assert "52.31 V" in answer.text
