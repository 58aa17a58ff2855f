"""From tool results to sentences: how the built-in model speaks, with numbers of the results only.

A missing value is said to be missing; nothing is rounded further than it is shown on the pages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from agents.builtin.quantities import (
    aged,
    amount,
    clock_time,
    day_time,
    known,
    number,
    plain_words,
    titled,
)

Data = Mapping[str, Any]


def say(tool: str, data: Data, about: str) -> str:
    """The part of the answer that the result of ``tool`` gives for the clause ``about``."""
    if "error" in data:
        return f"I could not answer that part: {data['error']}"
    speak = SPEAKERS.get(tool)
    return plain_words(data) if speak is None else speak(data, about.casefold())


def _battery_status(data: Data, about: str) -> str:
    battery = data.get("battery") or {}
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
    said = [_battery_value(battery, name) for name in dict.fromkeys(wanted)]
    return "Battery: " + ", ".join(said) + "."


def _battery_value(battery: Data, name: str) -> str:
    entry = battery.get(name)
    label = {"soc": "SOC"}.get(name, name)
    if not known(entry):
        return f"{label} not known (no reading)"
    text = f"{label} {aged(entry)}"
    rest = battery.get("rest_voltage")
    if name == "voltage" and known(rest):
        text += f", rest voltage {amount(rest)}"
    if name in {"current", "power"}:
        value = number(entry)
        text += " (charging)" if value > 0 else " (discharging)" if value < 0 else ""
    return text


def _energy_status(data: Data, about: str) -> str:
    parts = {
        "solar": (r"solar|pv|sun|panel|produc|generat", "solar", "power"),
        "load": (r"load|consum|house|usage|using", "load", "power"),
        "grid": (r"grid|import|export", "grid", "power"),
    }
    asked = [name for name, (pattern, _, _) in parts.items() if re.search(pattern, about)]
    names = asked or list(parts)
    said = [_power_of(name, data.get(name) or {}) for name in names]
    if not asked:
        said.append(_battery_short(data.get("battery") or {}))
        said.append(_running(data.get("miners") or []))
    return ". ".join(titled(each) for each in said if each) + "."


def _power_of(name: str, entry: Data) -> str:
    power = entry.get("power")
    if not known(power):
        return f"{name} power not known (no reading)"
    text = f"{name} {aged(power)}"
    value = number(power)
    if name == "grid" and value != 0:
        text += " (import)" if value > 0 else " (export)"
    if name == "solar" and known(entry.get("potential")):
        text += f", could give {amount(entry['potential'])}"
    if name == "load" and known(entry.get("base")):
        text += f", of which house {amount(entry['base'])}"
    return text


def _battery_short(battery: Data) -> str:
    return f"battery {_battery_value(battery, 'voltage')}, {_battery_value(battery, 'soc')}"


def _running(miners: list[Data]) -> str:
    on = [
        f"{each['name']} ({amount(each.get('power'), 'W')})" for each in miners if each.get("is_on")
    ]
    if not miners:
        return ""
    return f"running: {', '.join(on)}" if on else "no miner is running"


def _history(data: Data, about: str) -> str:
    hours = data.get("hours")
    rest = {key: value for key, value in data.items() if key not in {"as_of", "hours"}}
    wanted = _only_asked(rest, about)
    span = "" if hours is None else f"Last {number(hours):g} h: "
    return f"{span}{plain_words(wanted)}."


_SUBJECTS = {
    r"solar|pv\b|sun|produc|generat|harvest|yield|made": r"pv|solar",
    r"load|consum|\bused?\b|usage|house": r"load|consum",
    r"grid|import|export": r"grid|import|export",
    r"batter|charged": r"batter|charge|voltage|soc",
    r"self": r"self",
    r"runtime|how long|hash|miner|starts?\b|\bran\b": r"miner|loads|terahash",
}


def _only_asked(data: Data, about: str) -> Data:
    patterns = [keys for pattern, keys in _SUBJECTS.items() if re.search(pattern, about)]
    if not patterns:
        return data
    patterns.append(r"^note$|coverage")
    kept = {
        key: value
        for key, value in data.items()
        if any(re.search(pattern, key) for pattern in patterns)
    }
    return kept or data


def _series(data: Data, about: str) -> str:
    unit, hours = str(data.get("unit", "")), number(data.get("hours", 0))
    label = plain_label(str(data.get("metric", "value")))
    if "minimum" not in data:
        return f"There are no samples of {label} in the last {hours:g} h."
    order = ("maximum", "minimum", "mean", "latest")
    lowest = re.search(r"low|min|dip|drop", about) is not None
    names = ("minimum", "maximum", "mean", "latest") if lowest else order
    words = {"maximum": "highest", "minimum": "lowest", "mean": "mean", "latest": "latest"}
    said = [f"{words[name]} {_point(data[name], unit)}" for name in names if name in data]
    return f"{titled(label)}, last {hours:g} h: {', '.join(said)}."


def plain_label(metric: str) -> str:
    """``pv_power_w`` → ``solar power``."""
    base = metric.rpartition("_")[0] or metric
    return base.replace("pv_", "solar ").replace("_", " ").replace("soc", "SOC")


def _point(point: object, unit: str) -> str:
    if not isinstance(point, Mapping):
        return amount(point, unit)
    text = amount(point.get("value"), unit)
    if point.get("soc_pct") is not None:
        text += f" ({amount(point['soc_pct'], '%')})"
    return f"{text} at {day_time(str(point['at']))}" if point.get("at") else text


def _conversion(data: Data, about: str) -> str:
    volts, share = amount(data.get("voltage_v"), "V"), amount(data.get("soc_pct"), "%")
    back = re.search(r"(what|which) volt|volt(age)? (is|at|for)|to volt", about) is not None
    return f"{share} is {volts} on your curve." if back else f"{volts} is {share} on your curve."


def _allocator(data: Data, about: str) -> str:
    if "note" in data and "miners" not in data:
        return f"{titled(str(data['note']))}."
    parts = [_budget(data.get("budget") or {}, data)]
    if re.search(r"night|reserve|morning|enough|last", about):
        parts.append(_reserve(data.get("budget") or {}))
    parts.extend(_miner(each) for each in data.get("miners") or [])
    parts.extend(f"Limit: {_sentence(str(each))}" for each in data.get("limits") or [])
    return " ".join(part for part in parts if part)


def _what_if(data: Data, about: str) -> str:
    assumed = data.get("assumed") or {}
    changes = dict(assumed.get("snapshot") or {}) | dict(assumed.get("preferences") or {})
    for each in assumed.get("miners") or []:
        changes.update({f"{each['name']} {k}": v for k, v in each.items() if k != "name"})
    head = f"If {_said_changes(changes)} (nothing was changed): "
    return head + _allocator({key: data[key] for key in data if key != "assumed"}, about)


def _said_changes(changes: Data) -> str:
    return ", ".join(plain_words({key: value}) for key, value in changes.items())


def _budget(budget: Data, data: Data) -> str:
    if budget.get("total_w") is None:
        return ""
    at = data.get("decided_at")
    when = "" if not at else f" (decision of {clock_time(str(at))})"
    return (
        f"Budget{when}: solar surplus {amount(budget.get('solar_surplus_w'), 'W')} + "
        f"battery allowance "
        f"{amount(budget.get('battery_allowance_w'), 'W')} = {amount(budget['total_w'], 'W')}."
    )


def _reserve(budget: Data) -> str:
    usable, reserve = budget.get("usable_wh"), budget.get("reserve_wh")
    if usable is None or reserve is None:
        return "The night reserve is not known yet."
    verdict = "enough" if usable >= reserve else "not enough"
    return (
        f"The battery has {amount(usable, 'Wh')} usable, the night needs {amount(reserve, 'Wh')}: "
        f"{verdict} by the night reserve."
    )


def _miner(miner: Data) -> str:
    word = {
        "start": "starts",
        "keep_running": "keeps running",
        "stop": "stops",
        "stay_off": "stays off",
    }.get(str(miner.get("command")), "no command yet")
    why = _sentence(str(miner.get("explanation") or miner.get("reason") or "no reason stored"))
    text = f"{miner.get('name')} {word}: {why.removeprefix('Off: ').removeprefix('Stop: ')}"
    change = str(miner.get("would_change") or "")
    return f"{text} What would change it: {_sentence(change)}" if change else text


def _explanation(data: Data, about: str) -> str:
    miners = data.get("miners") or []
    if not miners:
        return "There is no decision about a miner to explain."
    at, text = data.get("decided_at"), " ".join(_miner(each) for each in miners)
    if re.search(r"reserve|budget|surplus", about):
        text = f"{_budget(data.get('budget') or {}, {})} {text}"
    limits = [f"Limit: {_sentence(str(each))}" for each in data.get("limits") or []]
    when = f" (Decision of {clock_time(str(at))}.)" if at else ""
    return " ".join([text, *limits]) + when


def _miner_profiles(data: Data, about: str) -> str:
    del about
    return " ".join(_profile(each) for each in data.get("miners") or []) or "There are no miners."


def _profile(miner: Data) -> str:
    parts = [
        f"{miner['name']}: priority {miner['priority_level']}",
        amount(miner.get("power_draw_watts"), "W"),
        f"starts at {amount(miner.get('start_voltage'), 'V')}",
        f"stops below {amount(miner.get('stop_voltage'), 'V')}",
        f"emergency stop at {amount(miner.get('emergency_stop_voltage'), 'V')}",
    ]
    if miner.get("hashrate_ths"):
        parts.append(f"{number(miner['hashrate_ths']):g} TH/s")
    if miner.get("require_excess_solar"):
        parts.append(f"needs {amount(miner.get('minimum_excess_watts'), 'W')} solar surplus")
    if miner.get("minimum_solar_production_watts"):
        parts.append(f"needs {amount(miner['minimum_solar_production_watts'], 'W')} of sun")
    if miner.get("prefer_time_start") is not None and miner.get("prefer_time_end") is not None:
        window = "only" if not miner.get("allow_outside_schedule", True) else "prefers"
        parts.append(f"{window} {miner['prefer_time_start']}–{miner['prefer_time_end']} h")
    if miner.get("maximum_runtime_hours") is not None:
        parts.append(f"at most {number(miner['maximum_runtime_hours']):g} h a day")
    parts.append("enabled" if miner.get("enabled", True) else "disabled")
    return ", ".join(parts) + "."


def _zones(data: Data, about: str) -> str:
    del about
    return " ".join(_zone(each) for each in data.get("zones") or []) or "There are no zones."


def _zone(zone: Data) -> str:
    now, settings = zone.get("now") or {}, zone.get("settings") or {}
    temperature = now.get("temperature")
    text = aged(temperature) if known(temperature) else "temperature not known (no reading)"
    speed = now.get("fan_speed")
    at = "" if speed is None else f" at speed {speed}"
    fan = "" if now.get("fan_on") is None else f", fan {f'on{at}' if now['fan_on'] else 'off'}"
    why = _sentence(str(now.get("explanation") or now.get("reason") or ""))
    limits = {key: value for key, value in settings.items() if key.startswith("temp_")}
    said = f" Limits: {plain_words(limits)}." if limits else ""
    return f"{zone.get('name')}: {text}{fan}.{' ' + why if why else ''}{said}"


def _alerts(data: Data, about: str) -> str:
    del about
    found = data.get("alerts") or []
    if not found:
        return "There is no open alert." if data.get("open_only", True) else "There was no alert."
    head = f"{len(found)} open alert{'s' if len(found) > 1 else ''}: "
    return head + " ".join(
        f"{titled(str(each['severity']))}: {each['title']} (since {day_time(str(each['since']))}). "
        f"{_sentences(each, 'detail', 'advice')}".strip()
        for each in found
    )


def _health(data: Data, about: str) -> str:
    del about
    parts = data.get("components") or []
    bad = [each for each in parts if each.get("status") != "ok"]
    good = len(parts) - len(bad)
    head = f"Overall: {data.get('status', 'not known')}. {good} of {len(parts)} parts ok."
    return " ".join([head, *(_component(each) for each in bad)])


def _component(part: Data) -> str:
    age = part.get("age_s")
    seen = "" if age is None else f" (last seen {_ago(number(age))} ago)"
    said = _sentences(part, "detail", "advice")
    return f"{part.get('name')} is {part.get('status')}{seen}: {said}".strip()


def _ago(seconds: float) -> str:
    return aged({"value": 0, "unit": "", "age_s": seconds}).partition("(")[2].removesuffix(" old)")


def _actions(data: Data, about: str) -> str:
    found = data.get("actions") or []
    if not found:
        return "No action is in the log."
    last_only = re.search(r"\blast\b(?! (\d|night|week|day|few))|when", about) is not None
    shown = found[:1] if last_only else found[:5]
    return " ".join(
        f"{day_time(str(each['at']))}: {each['load']} {each['target']} by {each['by']}, "
        f"{str(each['status']).replace('_', ' ')}: {_sentence(str(each.get('why') or ''))}"
        for each in shown
    )


def _proposal(data: Data, about: str) -> str:
    del about
    action = data.get("action") or {}
    verb = "on" if action.get("target_on") else "off"
    if action.get("status") == "pending":
        until = action.get("expires_at")
        limit = "" if not until else f" It expires at {clock_time(str(until))}."
        return (
            f"I propose to switch {action.get('load')} {verb}. Nothing is switched until "
            f"you approve "
            f"it on the card.{limit}"
        )
    why = _sentence(str(action.get("result") or action.get("explanation") or ""))
    status = str(action.get("status")).replace("_", " ")
    return f"Switching {action.get('load')} {verb} was not put up for approval ({status}): {why}"


def _preferences(data: Data, about: str) -> str:
    patterns = (
        (r"mode", "operating_mode"),
        (r"grid.*(allow|import)", "grid_import_allowed"),
        (r"night reserve|reserve", "night_reserve_enabled"),
        (r"control level", "control_level"),
        (r"capacity", "battery_capacity_wh"),
        (r"chemistry", "battery_chemistry"),
        (r"critical.*(volt|thresh)|volt.*critical", "voltage_critical_low"),
        (r"restart", "voltage_restart"),
        (r"absorption", "voltage_absorption"),
        (r"float", "voltage_float"),
        (r"shutdown", "voltage_shutdown"),
        (r"allowance", "battery_discharge_allowance_w"),
        (r"low.?(volt|thresh)", "voltage_low"),
        (r"manual hold", "manual_hold_minutes"),
        (r"dead.?man", "dead_man_minutes"),
        (r"(warning).*soc|soc.*warning", "soc_warning_pct"),
        (r"(critical).*soc|soc.*critical", "soc_critical_pct"),
        (r"timezone", "timezone"),
    )
    flat = {key: value for group in data.values() for key, value in dict(group).items()}
    asked = [key for pattern, key in patterns if re.search(pattern, about) and key in flat]
    chosen = {key: flat[key] for key in asked} or flat
    return f"{titled(plain_words(chosen))}."


def _sentences(data: Data, *keys: str) -> str:
    return " ".join(_sentence(str(data.get(key) or "")) for key in keys if data.get(key))


def _sentence(text: str) -> str:
    stripped = text.strip()
    return stripped if not stripped or stripped[-1] in ".!?" else f"{stripped}."


def local_hour(text: str) -> float:
    """Hour of day, with its fraction, of an ISO time; noon where there is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return 12.0
    return moment.hour + moment.minute / 60


SPEAKERS: dict[str, Callable[[Data, str], str]] = {
    "battery_status": _battery_status,
    "energy_status": _energy_status,
    "energy_history": _history,
    "battery_history": _series,
    "time_series": _series,
    "voltage_soc_convert": _conversion,
    "allocator_now": _allocator,
    "allocator_what_if": _what_if,
    "decision_explanation": _explanation,
    "miner_profiles": _miner_profiles,
    "preferences": _preferences,
    "zones": _zones,
    "alerts": _alerts,
    "health": _health,
    "recent_actions": _actions,
    "propose_action": _proposal,
}
"""Who speaks for which tool."""
