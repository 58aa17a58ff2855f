"""Sentences about rooms, alerts, health, actions, proposals and settings."""

from __future__ import annotations

import re

from agents.builtin.quantities import (
    clock_time,
    day_time,
    plain_words,
    sentence,
    span,
    titled,
)
from agents.builtin.reply import Reply

MOST_ACTIONS = 5


def zones(reply: Reply, about: str) -> str:
    """The rooms now, with their limits."""
    del about
    return " ".join(_zone(zone) for zone in reply.parts("zones")) or "There are no zones."


def _zone(zone: Reply) -> str:
    now = zone.part("now")
    known = now.number("temperature") is not None
    text = now.aged("temperature") if known else "temperature not known (no reading)"
    running = now.flag("fan_on")
    at = f" at speed {now.text('fan_speed')}" if "fan_speed" in now else ""
    fan = "" if running is None else f", fan {f'on{at}' if running else 'off'}"
    why = sentence(now.text("explanation") or now.text("reason"))
    limits = zone.part("settings").only("temp_").values
    limit_text = f" Limits: {plain_words(limits)}." if limits else ""
    return f"{zone.text('name')}: {text}{fan}.{' ' + why if why else ''}{limit_text}"


def alerts(reply: Reply, about: str) -> str:
    """Open alerts, or past ones too."""
    del about
    opened = reply.parts("alerts")
    if not opened:
        past = reply.flag("open_only") is False
        return "There was no alert." if past else "There is no open alert."
    head = f"{len(opened)} open alert{'s' if len(opened) > 1 else ''}: "
    return head + " ".join(_alert(alert) for alert in opened)


def _alert(alert: Reply) -> str:
    since = day_time(alert.text("since"))
    title = f"{titled(alert.text('severity'))}: {alert.text('title')} (since {since})."
    return f"{title} {_sentences(alert, 'detail', 'advice')}".strip()


def health(reply: Reply, about: str) -> str:
    """The health report: how many parts are well, and the others."""
    del about
    parts = reply.parts("components")
    bad = [part for part in parts if part.text("status") != "ok"]
    status = reply.text("status") or "not known"
    head = f"Overall: {status}. {len(parts) - len(bad)} of {len(parts)} parts ok."
    return " ".join([head, *(_component(part) for part in bad)])


def _component(part: Reply) -> str:
    age_s = part.number("age_s")
    seen = "" if age_s is None else f" (last seen {span(age_s)} ago)"
    text = _sentences(part, "detail", "advice")
    return f"{part.text('name')} is {part.text('status')}{seen}: {text}".strip()


def actions(reply: Reply, about: str) -> str:
    """The latest actions, or only the last."""
    log = reply.parts("actions")
    if not log:
        return "No action is in the log."
    last_only = re.search(r"\blast\b(?! (\d|night|week|day|few))|when", about) is not None
    return " ".join(_action(action) for action in log[: 1 if last_only else MOST_ACTIONS])


def _action(action: Reply) -> str:
    status = action.text("status").replace("_", " ")
    return (
        f"{day_time(action.text('at'))}: {action.text('load')} {action.text('target')} by "
        f"{action.text('by')}, {status}: {sentence(action.text('why'))}"
    )


def proposal(reply: Reply, about: str) -> str:
    """The outcome of a proposal."""
    del about
    action = reply.part("action")
    load, way = action.text("load"), "on" if action.flag("target_on") else "off"
    status = action.text("status")
    if status == "pending":
        until = action.text("expires_at")
        limit = f" It expires at {clock_time(until)}." if until else ""
        return (
            f"I propose to switch {load} {way}. Nothing is switched until you approve it on the "
            f"card.{limit}"
        )
    if status == "approved":
        return f"Switching {load} {way} is approved, since you asked for it. {reply.text('note')}"
    why = sentence(action.text("result") or action.text("explanation"))
    status_text = status.replace("_", " ")
    return f"Switching {load} {way} was not put up for approval ({status_text}): {why}"


_PREFERENCES = (
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
"""Patterns that ask for a setting, with the setting's name."""


def preferences(reply: Reply, about: str) -> str:
    """The settings that were asked for, or all of the result."""
    flat = {key: value for group in reply for key, value in reply.part(group).values.items()}
    asked = [key for pattern, key in _PREFERENCES if re.search(pattern, about) and key in flat]
    return f"{titled(plain_words({key: flat[key] for key in asked} or flat))}."


def _sentences(reply: Reply, *keys: str) -> str:
    return " ".join(sentence(reply.text(key)) for key in keys if reply.text(key))
