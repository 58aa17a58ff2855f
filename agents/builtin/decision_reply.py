"""A decision from a tool's result, as types; missing values are None or empty."""

from __future__ import annotations

from dataclasses import dataclass

from agents.builtin.reply import Reply
from energy.allocation.decision import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetReply:
    """The budget's numbers that answers mention; powers W, energies Wh, None where not known."""

    total_w: float | None
    solar_surplus_w: float | None
    battery_allowance_w: float | None
    usable_wh: float | None
    reserve_wh: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandReply:
    """One miner's command; None before the first decision.

    Attributes:
        name: The miner's.
        why: The explanation, or the bare reason where there is none.
        would_change: What would change the command; empty where the result has none.
    """

    name: str
    command: Command | None
    why: str
    would_change: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionReply:
    """A whole decision.

    Attributes:
        decided_at: Local time, ISO 8601; empty for a what-if.
        note: Why there is no decision; empty where there is one.
    """

    decided_at: str
    budget: BudgetReply
    miners: tuple[CommandReply, ...]
    limits: tuple[str, ...]
    note: str


def decision_of(reply: Reply) -> DecisionReply:
    """The decision that a tool's result holds."""
    budget = reply.part("budget")
    return DecisionReply(
        decided_at=reply.text("decided_at"),
        budget=BudgetReply(
            total_w=budget.number("total_w"),
            solar_surplus_w=budget.number("solar_surplus_w"),
            battery_allowance_w=budget.number("battery_allowance_w"),
            usable_wh=budget.number("usable_wh"),
            reserve_wh=budget.number("reserve_wh"),
        ),
        miners=tuple(_miner(miner) for miner in reply.parts("miners")),
        limits=tuple(reply.texts("limits")),
        note="" if "miners" in reply else reply.text("note"),
    )


def _miner(miner: Reply) -> CommandReply:
    command = miner.text("command")
    return CommandReply(
        name=miner.text("name"),
        command=Command(command) if command in set(Command) else None,
        why=miner.text("explanation") or miner.text("reason") or "no reason stored",
        would_change=miner.text("would_change"),
    )
