"""How an answer came about, told from what was kept of it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from server.web.decision_path import how_it_was_answered, proposed_actions

WHOLE: dict[str, Any] = {
    "agents": ["master", "monitor"],
    "tools": [{"name": "battery_status", "arguments": {"hours": 24}, "ms": 33.5}],
    "usage": {"calls": 3, "prompt_tokens": 2885, "completion_tokens": 70, "cost_usd": 0.0123},
    "models": ["openai/x"],
    "context": {"tokens": 456, "budget": 3500, "parts": [{"name": "site", "tokens": 214}]},
    "first_token_ms": 95.1,
    "total_ms": 1132.4,
    "notices": ["The built-in model answered instead."],
}


def lines(meta: dict[str, Any]) -> list[str]:
    return re.findall(r"<li>(.*)</li>", how_it_was_answered(meta))


def test_everything_that_is_known_is_told() -> None:
    assert lines(WHOLE) == [
        "Agents: master → monitor",
        "Tool battery_status {&#34;hours&#34;: 24} in 34 ms",
        "Model openai/x: 3 calls, 2\u202f885 tokens read, 70 written, 0.0123 USD",
        "Context: 456 of 3\u202f500 tokens (site 214)",
        "Time: first words after 95 ms, all after 1\u202f132 ms",
        "The built-in model answered instead.",
    ]


@pytest.mark.parametrize(
    ("meta", "told"),
    [
        pytest.param({}, [], id="nothing"),
        pytest.param({"tools": [{"name": "x"}]}, ["Tool x in – ms"], id="half a tool"),
        pytest.param(
            {"tools": [{"name": "<b>"}]}, ["Tool &lt;b&gt; in – ms"], id="a name is no markup"
        ),
    ],
)
def test_what_is_not_known_is_left_out(meta: dict[str, Any], told: list[str]) -> None:
    assert lines(meta) == told


@pytest.mark.parametrize(
    ("tools", "ids"),
    [
        pytest.param([], [], id="no tools"),
        pytest.param([{"name": "x", "result": "text"}], [], id="no object"),
        pytest.param([{"name": "x", "result": {"action": None}}], [], id="no action"),
        pytest.param([{"name": "x", "result": {"action": {"id": 7}}}], ["7"], id="an action"),
    ],
)
def test_proposed_actions(tools: list[dict[str, Any]], ids: list[str]) -> None:
    assert proposed_actions({"tools": tools}) == ids
