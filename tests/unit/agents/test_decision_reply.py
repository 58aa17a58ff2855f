"""The built-in model reads a decision once, into types."""

from __future__ import annotations

import pytest

from agents.builtin.decision_reply import BudgetReply, CommandReply, DecisionReply, decision_of
from agents.builtin.reply import Reply
from energy.allocation.decision import Command

UNKNOWN = BudgetReply(
    total_w=None,
    solar_surplus_w=None,
    battery_allowance_w=None,
    usable_wh=None,
    reserve_wh=None,
)
NOTHING = DecisionReply(decided_at="", budget=UNKNOWN, miners=(), limits=(), note="")


def one(command: Command | None, why: str, would_change: str = "") -> DecisionReply:
    miner = CommandReply(name="S21", command=command, why=why, would_change=would_change)
    return DecisionReply(decided_at="", budget=UNKNOWN, miners=(miner,), limits=(), note="")


@pytest.mark.parametrize(
    ("answer", "read"),
    [
        pytest.param(None, NOTHING, id="nothing"),
        pytest.param({"budget": 7, "miners": "many", "limits": {}}, NOTHING, id="odd"),
        pytest.param(
            {"note": "no decision yet"},
            DecisionReply(
                decided_at="", budget=UNKNOWN, miners=(), limits=(), note="no decision yet"
            ),
            id="no decision",
        ),
        pytest.param(
            {
                "decided_at": "2026-06-21T12:00:00-07:00",
                "budget": {"total_w": 900, "solar_surplus_w": 0, "reserve_wh": 14_500.5},
                "limits": ["Telemetry is lost."],
                "miners": [],
                "note": "not a note of a decision",
            },
            DecisionReply(
                decided_at="2026-06-21T12:00:00-07:00",
                budget=BudgetReply(
                    total_w=900.0,
                    solar_surplus_w=0.0,
                    battery_allowance_w=None,
                    usable_wh=None,
                    reserve_wh=14_500.5,
                ),
                miners=(),
                limits=("Telemetry is lost.",),
                note="",
            ),
            id="a decision",
        ),
        pytest.param(
            {"miners": [{"name": "S21", "command": "stop", "explanation": "Stop: low."}]},
            one(Command.STOP, "Stop: low."),
            id="a command",
        ),
        pytest.param(
            {"miners": [{"name": "S21", "command": "dance", "reason": "budget"}]},
            one(None, "budget"),
            id="an unknown command",
        ),
        pytest.param(
            {"miners": [{"name": "S21", "would_change": "more sun"}]},
            one(None, "no reason stored", "more sun"),
            id="nothing decided",
        ),
    ],
)
def test_what_is_read(answer: object, read: DecisionReply) -> None:
    assert decision_of(Reply(answer)) == read
