"""Sentences about decisions: what runs, why, and what if."""

from __future__ import annotations

import re

from agents.builtin.quantities import amount, clock_time, plain_words, sentence, titled
from agents.builtin.reply import Reply

COMMANDS = {
    "start": "starts",
    "keep_running": "keeps running",
    "stop": "stops",
    "stay_off": "stays off",
}


def allocator(reply: Reply, about: str) -> str:
    """The latest decision: budget and every miner."""
    if "note" in reply and "miners" not in reply:
        return f"{titled(reply.text('note'))}."
    budget = reply.part("budget")
    parts = [_budget(budget, reply.text("decided_at"))]
    if re.search(r"night|reserve|morning|enough|last", about):
        parts.append(_reserve(budget))
    parts.extend(_miner(miner) for miner in reply.parts("miners"))
    parts.extend(_limits(reply))
    return " ".join(part for part in parts if part)


def what_if(reply: Reply, about: str) -> str:
    """The same for changed conditions."""
    assumed = reply.part("assumed")
    changes = {**assumed.part("snapshot").values, **assumed.part("preferences").values}
    for miner in assumed.parts("miners"):
        own = miner.without("name").values
        changes.update({f"{miner.text('name')} {key}": value for key, value in own.items()})
    said = ", ".join(plain_words({key: value}) for key, value in changes.items())
    return f"If {said} (nothing was changed): {allocator(reply.without('assumed'), about)}"


def explanation(reply: Reply, about: str) -> str:
    """Why each miner of the result runs or doesn't."""
    miners = reply.parts("miners")
    if not miners:
        return "There is no decision about a miner to explain."
    text = " ".join(_miner(miner) for miner in miners)
    if re.search(r"reserve|budget|surplus", about):
        text = f"{_budget(reply.part('budget'), '')} {text}"
    at = reply.text("decided_at")
    when = f" (Decision of {clock_time(at)}.)" if at else ""
    return " ".join([text, *_limits(reply)]) + when


def _limits(reply: Reply) -> list[str]:
    return [f"Limit: {sentence(limit)}" for limit in reply.texts("limits")]


def _budget(budget: Reply, at: str) -> str:
    if "total_w" not in budget:
        return ""
    when = f" (decision of {clock_time(at)})" if at else ""
    return (
        f"Budget{when}: solar surplus {budget.amount('solar_surplus_w', 'W')} + battery allowance "
        f"{budget.amount('battery_allowance_w', 'W')} = {budget.amount('total_w', 'W')}."
    )


def _reserve(budget: Reply) -> str:
    usable, reserve = budget.number("usable_wh"), budget.number("reserve_wh")
    if usable is None or reserve is None:
        return "The night reserve is not known yet."
    verdict = "enough" if usable >= reserve else "not enough"
    return (
        f"The battery has {amount(usable, 'Wh')} usable, the night needs {amount(reserve, 'Wh')}: "
        f"{verdict} by the night reserve."
    )


def _miner(miner: Reply) -> str:
    word = COMMANDS.get(miner.text("command"), "no command yet")
    why = sentence(miner.text("explanation") or miner.text("reason") or "no reason stored")
    said = f"{miner.text('name')} {word}: {why.removeprefix('Off: ').removeprefix('Stop: ')}"
    change = miner.text("would_change")
    return f"{said} What would change it: {sentence(change)}" if change else said


def miner_profiles(reply: Reply, about: str) -> str:
    """The miners' settings."""
    del about
    return " ".join(_profile(miner) for miner in reply.parts("miners")) or "There are no miners."


def _profile(miner: Reply) -> str:
    parts = [
        f"{miner.text('name')}: priority {miner.text('priority_level')}",
        miner.amount("power_draw_watts", "W"),
        f"starts at {miner.amount('start_voltage', 'V')}",
        f"stops below {miner.amount('stop_voltage', 'V')}",
        f"emergency stop at {miner.amount('emergency_stop_voltage', 'V')}",
        *_conditions(miner),
    ]
    parts.append("disabled" if miner.flag("enabled") is False else "enabled")
    return ", ".join(parts) + "."


def _conditions(miner: Reply) -> list[str]:
    said = []
    if miner.number("hashrate_ths"):
        said.append(f"{miner.number('hashrate_ths'):g} TH/s")
    if miner.flag("require_excess_solar"):
        said.append(f"needs {miner.amount('minimum_excess_watts', 'W')} solar surplus")
    if miner.number("minimum_solar_production_watts"):
        said.append(f"needs {miner.amount('minimum_solar_production_watts', 'W')} of sun")
    if "prefer_time_start" in miner and "prefer_time_end" in miner:
        word = "only" if miner.flag("allow_outside_schedule") is False else "prefers"
        window = f"{miner.text('prefer_time_start')}–{miner.text('prefer_time_end')} h"
        said.append(f"{word} {window}")
    if "maximum_runtime_hours" in miner:
        said.append(f"at most {miner.number('maximum_runtime_hours'):g} h a day")
    return said
