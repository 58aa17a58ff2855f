"""Sentences about decisions: what runs, why, and what if."""

from __future__ import annotations

import re

from agents.builtin.decision_reply import BudgetReply, CommandReply, DecisionReply, decision_of
from agents.builtin.quantities import amount, clock_time, plain_words, sentence, titled
from agents.builtin.reply import Reply
from energy.allocation.decision import Command

COMMANDS = {
    Command.START: "starts",
    Command.KEEP_RUNNING: "keeps running",
    Command.STOP: "stops",
    Command.STAY_OFF: "stays off",
}


def allocator(reply: Reply, about: str) -> str:
    """The latest decision: budget and every miner."""
    decision = decision_of(reply)
    if decision.note:
        return f"{titled(decision.note)}."
    parts = [_budget(decision.budget, decision.decided_at)]
    if re.search(r"night|reserve|morning|enough|last", about):
        parts.append(_reserve(decision.budget))
    parts.extend(_miner(miner) for miner in decision.miners)
    parts.extend(_limits(decision))
    return " ".join(part for part in parts if part)


def what_if(reply: Reply, about: str) -> str:
    """The decision for changed conditions."""
    assumed = reply.part("assumed")
    changes = {**assumed.part("snapshot").values, **assumed.part("preferences").values}
    for miner in assumed.parts("miners"):
        own = miner.without("name").values
        changes.update({f"{miner.text('name')} {key}": value for key, value in own.items()})
    assumptions = ", ".join(plain_words({key: value}) for key, value in changes.items())
    return f"If {assumptions} (nothing was changed): {allocator(reply.without('assumed'), about)}"


def explanation(reply: Reply, about: str) -> str:
    """Why each miner of the result runs or doesn't."""
    decision = decision_of(reply)
    if not decision.miners:
        return "There is no decision about a miner to explain."
    text = " ".join(_miner(miner) for miner in decision.miners)
    if re.search(r"reserve|budget|surplus", about):
        text = f"{_budget(decision.budget, '')} {text}"
    at = decision.decided_at
    when = f" (Decision of {clock_time(at)}.)" if at else ""
    return " ".join([text, *_limits(decision)]) + when


def _limits(decision: DecisionReply) -> list[str]:
    return [f"Limit: {sentence(limit)}" for limit in decision.limits]


def _budget(budget: BudgetReply, at: str) -> str:
    if budget.total_w is None:
        return ""
    when = f" (decision of {clock_time(at)})" if at else ""
    return (
        f"Budget{when}: solar surplus {amount(budget.solar_surplus_w, 'W')} + battery allowance "
        f"{amount(budget.battery_allowance_w, 'W')} = {amount(budget.total_w, 'W')}."
    )


def _reserve(budget: BudgetReply) -> str:
    usable, reserve = budget.usable_wh, budget.reserve_wh
    if usable is None or reserve is None:
        return "The night reserve is not known yet."
    verdict = "enough" if usable >= reserve else "not enough"
    return (
        f"The battery has {amount(usable, 'Wh')} usable, the night needs {amount(reserve, 'Wh')}: "
        f"{verdict} by the night reserve."
    )


def _miner(miner: CommandReply) -> str:
    word = "no command yet" if miner.command is None else COMMANDS[miner.command]
    why = sentence(miner.why).removeprefix("Off: ").removeprefix("Stop: ")
    text = f"{miner.name} {word}: {why}"
    change = miner.would_change
    return f"{text} What would change it: {sentence(change)}" if change else text


def miner_profiles(reply: Reply, about: str) -> str:
    """The miners' settings."""
    del about
    return " ".join(_profile(miner) for miner in reply.parts("miners")) or "There are no miners."


def _profile(miner: Reply) -> str:
    parts = [
        f"{_titled(miner)}: priority {miner.text('priority_level')}",
        miner.amount("power_draw_watts", "W"),
        f"starts at {miner.amount('start_voltage', 'V')}",
        f"stops below {miner.amount('stop_voltage', 'V')}",
        f"emergency stop at {miner.amount('emergency_stop_voltage', 'V')}",
        *_conditions(miner),
    ]
    parts.append("disabled" if miner.flag("enabled") is False else "enabled")
    return ", ".join(parts) + "."


def _titled(miner: Reply) -> str:
    model = miner.text("model")
    return f"{miner.text('name')} ({model})" if model else miner.text("name")


def _conditions(miner: Reply) -> list[str]:
    conditions = []
    if miner.number("hashrate_ths"):
        conditions.append(f"{miner.number('hashrate_ths'):g} TH/s")
    if miner.flag("require_excess_solar"):
        conditions.append(f"needs {miner.amount('minimum_excess_watts', 'W')} solar surplus")
    if miner.number("minimum_solar_production_watts"):
        conditions.append(f"needs {miner.amount('minimum_solar_production_watts', 'W')} of sun")
    if "prefer_time_start" in miner and "prefer_time_end" in miner:
        word = "only" if miner.flag("allow_outside_schedule") is False else "prefers"
        window = f"{miner.text('prefer_time_start')}–{miner.text('prefer_time_end')} h"
        conditions.append(f"{word} {window}")
    if "maximum_runtime_hours" in miner:
        conditions.append(f"at most {miner.number('maximum_runtime_hours'):g} h a day")
    return conditions
