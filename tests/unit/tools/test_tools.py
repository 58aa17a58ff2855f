"""The tools: arguments, sentences for bad ones, and what a model can't reach."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from energy.allocation.allocator import allocate
from energy.allocation.explanation.decision_codec import decision_json
from services.accounts.records import Scope
from services.actions.records import ActionStatus
from services.errors import Unavailable
from tests.fakes.sites.allocator_site import ask, off
from tests.fakes.sites.assistant_site import (
    DUMP,
    ON,
    PRIMARY,
    SYSTEM_ID,
    USER_ID,
    WAITS,
    AssistantSite,
    build_site,
)
from tools.registry import BUILDERS, build_tools
from tools.tool import Arguments, NoArguments, Tool, compacted


@pytest.fixture
async def site() -> AssistantSite:
    return await build_site()


async def run(
    site: AssistantSite,
    name: str,
    scope: Scope = Scope.CONTROL,
    *,
    words: str = "turn on the dump load",
    **arguments: Any,
) -> Any:
    tools = build_tools(site.services, site.scope(scope, words=words))
    return (await tools[name].run(arguments)).data


@pytest.mark.parametrize(
    ("name", "arguments", "sentence"),
    [
        pytest.param("energy_history", {"hours": 9999}, "less than or equal to 720", id="too far"),
        pytest.param("energy_history", {"hours": "soon"}, "valid number", id="no number"),
        pytest.param("energy_history", {"days": 2}, "It takes hours (optional", id="unknown name"),
        pytest.param("time_series", {}, "metric: field required", id="missing"),
        pytest.param("voltage_soc_convert", {}, "exactly one of", id="neither"),
        pytest.param("miner_profiles", {"miner": "toaster"}, f"there are: {PRIMARY}", id="no such"),
        pytest.param("decision_explanation", {"at": "noon"}, "neither HH:MM nor", id="no time"),
        pytest.param("decision_explanation", {"at": "2099-01-01"}, "in the future", id="future"),
        pytest.param("allocator_what_if", {}, "nothing is different", id="no change"),
        pytest.param("allocator_what_if", {"start_voltage": 52}, "say which miner", id="which"),
        pytest.param(
            "propose_action",
            {"load": "toaster", "turn_on": True, "why": "because"},
            "no load is called 'toaster'",
            id="no load",
        ),
    ],
)
async def test_bad_arguments_come_back_as_a_sentence(
    site: AssistantSite, name: str, arguments: dict[str, Any], sentence: str
) -> None:
    assert sentence in (await run(site, name, **arguments))["error"]


async def test_no_tool_takes_site_or_user_from_a_model(site: AssistantSite) -> None:
    for tool in build_tools(site.services, site.scope()).values():
        names = " ".join(tool.arguments.model_fields)
        assert "system" not in names
        assert "user" not in names
        assert tool.arguments.model_config["extra"] == "forbid"


async def test_only_proposing_writes_and_it_only_makes_a_pending_action(
    site: AssistantSite,
) -> None:
    given = {"metric": "pv_power_w", "battery_voltage_v": 53.0, "voltage_v": 52.0}
    for name, tool in build_tools(site.services, site.scope()).items():
        if name != "propose_action":
            wanted = {k: v for k, v in given.items() if k in tool.arguments.model_fields}
            result = await tool.run(wanted)
            assert result.ok, (name, result.data)
    assert site.proposals.proposed == []
    data = await run(site, "propose_action", load="dump", turn_on=True, why="6600 W are free")
    assert [each.status for each in site.proposals.proposed] == [ActionStatus.PENDING]
    assert data["action"]["load"] == DUMP
    assert data["action"]["explanation"] == "6600 W are free"
    assert site.proposals.proposed[0].requested_by == "assistant for owner@example.com"
    assert site.proposals.proposed[0].system_id == SYSTEM_ID
    assert site.scope().user_id == USER_ID


async def test_who_may_only_read_may_not_propose(site: AssistantSite) -> None:
    data = await run(site, "propose_action", Scope.READ, load="dump", turn_on=True, why="please")
    assert data == {
        "error": "proposing an action needs the role user or admin, and a token of the scope "
        "control"
    }
    assert site.proposals.proposed == []


async def test_what_if_gives_the_documented_document(site: AssistantSite) -> None:
    await run(site, "allocator_what_if", soc_pct=80, pv_power_w=9000, operating_mode="aggressive")
    await run(site, "allocator_what_if", miner="s19", start_voltage=53.8)
    assert site.what_if.documents == [
        {
            "snapshot": {"battery_voltage_v": 54.5, "pv_power_w": 9000.0},
            "preferences": {"operating_mode": "aggressive"},
        },
        {"miners": [{"name": DUMP, "start_voltage": 53.8}]},
    ]


async def test_a_past_decision_is_explained_from_the_store(site: AssistantSite) -> None:
    now = site.stores.clock.now()
    decision = allocate(ask(miners=(ON, WAITS), states=(off(ON), off(WAITS))))
    document = {"allocation": decision_json(decision)}
    await site.stores.decisions.append(SYSTEM_ID, now, document, "1")
    data = await run(site, "decision_explanation", miner="dump", at="12:00")
    assert data["miners"] == [
        {
            "name": DUMP,
            "priority": 3,
            "command": "stay_off",
            "reason": "below_start_voltage",
            "explanation": "Off: 52.30 V is below its start voltage 54.50 V.",
            "would_change": "may start at 54.50 V rest voltage held for 5 min",
            "compared": {"rest_voltage_v": 52.3, "raw_voltage_v": 52.3, "start_voltage_v": 54.5},
            "decided_by": "allocator",
        }
    ]
    assert data["decided_at"] == "2026-06-21T12:00:00-07:00"


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        pytest.param(
            Unavailable(what="The database", detail="refused", advice="Wait."),
            "The database does not answer: refused. Wait.",
            id="known",
        ),
        pytest.param(KeyError("x"), "broken failed inside; its value is not known", id="unknown"),
        pytest.param(None, "broken gave no answer within 0.01 s; say so.", id="too slow"),
    ],
)
async def test_a_tool_that_fails_says_so_and_never_raises(
    failure: Exception | None, sentence: str
) -> None:
    async def handler(_: Arguments) -> dict[str, Any]:
        if failure is not None:
            raise failure
        await asyncio.Event().wait()
        return {}

    tool = Tool(
        name="broken",
        description="",
        arguments=NoArguments,
        handler=handler,
        doing="breaking",
        timeout_s=0.01,
    )
    result = await tool.run({})
    assert not result.ok
    assert sentence in str(result.data["error"])


def test_results_are_compact_but_keep_false_zero_and_order() -> None:
    value = {"b": 52.31499, "a": None, "on": False, "w": 0.0, "many": [1234.56, None]}
    assert compacted(value) == {"b": 52.315, "on": False, "w": 0, "many": [1234.6, None]}


async def test_progress_is_told_in_words(site: AssistantSite) -> None:
    tools = build_tools(site.services, site.scope())
    assert tools["battery_history"].describe({}) == "reading battery history, 24 h"
    assert tools["battery_history"].describe({"hours": 6}) == "reading battery history, 6 h"
    assert set(tools) == set(BUILDERS)
