"""Sentences about battery, sun, load and grid, now and in history."""

from __future__ import annotations

import re
from collections.abc import Iterable

from agents.builtin.quantities import amount, day_time, plain_words, sentence, titled
from agents.builtin.reply import Reply
from energy.site.display import Display


def battery_status(reply: Reply, about: str) -> str:
    """The battery now: the values asked for, or all."""
    facets = {
        "voltage": r"volt|\bv\b",
        "soc": r"soc|charge\b|full|percent|%|level",
        "current": r"current|amp|charging|discharg",
        "power": r"power|watt|charging|discharg",
        "temperature": r"temp|warm|hot|cold",
    }
    asked = [name for name, pattern in facets.items() if re.search(pattern, about)]
    wanted = list(dict.fromkeys(["voltage", *asked])) if asked else list(facets)
    if asked and re.search(r"\bhow|status|doing|state\b(?! of)", about) is None:
        wanted = asked if "voltage" not in asked else ["voltage", "soc", *asked]
    battery = reply.part("battery")
    parts = [_battery_value(battery, name) for name in _in_order(wanted, reply.display)]
    stands = battery.part("range").text("sentence")
    return " ".join(filter(None, ("Battery: " + ", ".join(parts) + ".", stands)))


def _in_order(names: Iterable[str], display: Display) -> list[str]:
    """Each name once; state of charge first where the owner prefers that."""
    ordered = list(dict.fromkeys(names))
    return sorted(ordered, key=lambda name: name != "soc") if display.soc_first else ordered


def _battery_value(battery: Reply, name: str) -> str:
    value = battery.number(name)
    label = {"soc": "SOC"}.get(name, name)
    if value is None:
        return f"{label} not known (no reading)"
    text = f"{label} {battery.aged(name)}"
    if name == "voltage" and battery.number("rest_voltage") is not None:
        text += f", rest voltage {battery.amount('rest_voltage')}"
    if name in {"current", "power"}:
        text += " (charging)" if value > 0 else " (discharging)" if value < 0 else ""
    return text


def energy_status(reply: Reply, about: str) -> str:
    """The site's powers now: those asked for, or all."""
    facets = {
        "solar": r"solar|pv|sun|panel|produc|generat",
        "load": r"load|consum|house|usage|using",
        "grid": r"grid|import|export",
    }
    asked = [name for name, pattern in facets.items() if re.search(pattern, about)]
    parts = [_power_of(name, reply.part(name)) for name in asked or facets]
    if not asked:
        battery = reply.part("battery")
        names = _in_order(("voltage", "soc"), reply.display)
        values = (_battery_value(battery, name) for name in names)
        parts.append(f"battery {', '.join(values)}")
        parts.append(_running(reply.parts("miners")))
    return ". ".join(titled(sentence) for sentence in parts if sentence) + "."


def _power_of(name: str, values: Reply) -> str:
    power = values.number("power")
    if power is None:
        return f"{name} power not known (no reading)"
    text = f"{name} {values.aged('power')}"
    if name == "grid" and power != 0:
        text += " (import)" if power > 0 else " (export)"
    if name == "solar" and values.number("potential") is not None:
        text += f", could give {values.amount('potential')}"
    if name == "load" and values.number("base") is not None:
        text += f", of which house {values.amount('base')}"
    return text


def _running(miners: list[Reply]) -> str:
    if not miners:
        return ""
    on = [
        f"{miner.text('name')} ({miner.amount('power', 'W')})"
        for miner in miners
        if miner.flag("is_on")
    ]
    return f"running: {', '.join(on)}" if on else "no miner is running"


def history(reply: Reply, about: str) -> str:
    """Energies and extremes over hours; a note on missing samples stands for the shares of them."""
    hours, note = reply.number("hours"), reply.text("note")
    stated = ("as_of", "hours", "note", "coverage") if note else ("as_of", "hours", "note")
    wanted = _only_asked(reply.without(*stated), about)
    span = "" if hours is None else f"Last {hours:g} h: "
    words = plain_words(wanted.values)
    return " ".join(filter(None, (f"{span}{words}." if words else "", sentence(note))))


_SUBJECTS = {
    r"solar|pv\b|sun|produc|generat|harvest|yield|made": r"pv|solar",
    r"load|consum|\bused?\b|usage|house": r"load|consum",
    r"grid|import|export": r"grid|import|export",
    r"batter|charged": r"batter|charge|voltage|soc",
    r"self": r"self",
    r"runtime|how long|hash|miner|starts?\b|\bran\b": r"miner|loads|terahash",
}


def _only_asked(reply: Reply, about: str) -> Reply:
    patterns = [keys for pattern, keys in _SUBJECTS.items() if re.search(pattern, about)]
    if not patterns:
        return reply
    patterns.append(r"coverage")
    kept = {
        key: value
        for key, value in reply.values.items()
        if any(re.search(pattern, key) for pattern in patterns)
    }
    return Reply(kept) if kept else reply


def series(reply: Reply, about: str) -> str:
    """Extremes, mean and latest of one metric."""
    unit, hours = reply.text("unit"), reply.number("hours")
    span = "the asked time" if hours is None else f"the last {hours:g} h"
    label = plain_label(reply.text("metric") or "value")
    if "minimum" not in reply:
        return f"There are no samples of {label} in {span}."
    lowest = re.search(r"low|min|dip|drop", about) is not None
    words = {"maximum": "highest", "minimum": "lowest", "mean": "mean", "latest": "latest"}
    names = ("minimum", "maximum", "mean", "latest") if lowest else tuple(words)
    points = [f"{words[name]} {_point(reply, name, unit)}" for name in names if name in reply]
    return f"{titled(label)}, {span.removeprefix('the ')}: {', '.join(points)}.{_soc_range(reply)}"


def _soc_range(reply: Reply) -> str:
    soc = reply.part("soc_pct")
    if soc.number("mean") is None:
        return ""
    low, high, mean = (soc.amount(name, "%") for name in ("minimum", "maximum", "mean"))
    return f" SOC {low} to {high}, mean {mean}."


def plain_label(metric: str) -> str:
    """``pv_power_w`` → ``solar power``."""
    label = metric.rpartition("_")[0] or metric
    return label.replace("pv_", "solar ").replace("_", " ").replace("soc", "SOC")


def _point(reply: Reply, name: str, unit: str) -> str:
    point = reply.part(name)
    if "value" not in point:
        return reply.amount(name, unit)
    text = amount(point.number("value"), unit)
    return f"{text} at {day_time(point.text('at'))}" if "at" in point else text


def conversion(reply: Reply, about: str) -> str:
    """Voltage to SOC, or back, as it was asked."""
    volts, share = reply.amount("voltage_v", "V"), reply.amount("soc_pct", "%")
    back = re.search(r"(what|which) volt|volt(age)? (is|at|for)|to volt", about) is not None
    return f"{share} is {volts} on your curve." if back else f"{volts} is {share} on your curve."
