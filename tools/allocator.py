"""The allocator's decisions: now, in the past, and what if."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import NotRequired, TypedDict
from zoneinfo import ZoneInfo

from pydantic import Field

from energy.allocation.decision import Decision
from energy.allocation.explanation.decision_codec import ExplainedMiner, explained_miners
from energy.allocation.explanation.reason_codec import Number, compared
from energy.battery.calibration import voltage_v
from energy.site.preferences import OperatingMode
from services.control.decided import decided
from services.views.site_picture import AgedNumber, DecisionPicture, MinerPicture
from tools.names import find
from tools.services import ToolScope, ToolServices
from tools.tool import Arguments, BadArguments, Document, NoArguments, Tool

BUDGET_KEYS = (
    "rest_voltage_v",
    "raw_voltage_v",
    "soc_pct",
    "pv_power_w",
    "pv_potential_w",
    "throttled",
    "base_load_w",
    "solar_surplus_w",
    "battery_allowance_w",
    "usable_wh",
    "reserve_wh",
    "total_w",
    "allocated_w",
)


class MinerDigest(TypedDict):
    """A miner's command for a model. For the decision in force with the miner's state and power,
    for others with the numbers compared.
    """

    name: str
    priority: int
    is_on: NotRequired[bool | None]
    power: NotRequired[AgedNumber]
    command: str | None
    reason: str | None
    explanation: str
    would_change: str
    compared: NotRequired[dict[str, Number]]
    decided_by: NotRequired[str]


class DecisionDigest(TypedDict):
    """A decision for a model; ``decided_at`` is local time, None for a what-if."""

    decided_at: str | None
    age_s: float | None
    budget: Document
    limits: list[str]
    miners: list[MinerDigest]


class Explain(Arguments):
    """Which decision about which miner."""

    miner: str | None = Field(
        default=None, description="miner's name or part of it; all if omitted"
    )
    at: str | None = Field(
        default=None, description="past moment: local HH:MM or ISO 8601; the latest if omitted"
    )


class WhatIfArguments(Arguments):
    """What would be different; everything else is as it is now."""

    battery_voltage_v: float | None = Field(default=None, ge=30, le=70, description="V")
    soc_pct: float | None = Field(default=None, ge=0, le=100, description="instead of voltage, %")
    pv_power_w: float | None = Field(default=None, ge=0, le=1_000_000, description="W")
    load_power_w: float | None = Field(default=None, ge=0, le=1_000_000, description="W")
    operating_mode: OperatingMode | None = Field(default=None, description=", ".join(OperatingMode))
    miner: str | None = Field(default=None, description="miner whose settings below change")
    start_voltage: float | None = Field(default=None, ge=30, le=70, description="its start, V")
    stop_voltage: float | None = Field(default=None, ge=30, le=70, description="its stop, V")
    enabled: bool | None = Field(default=None, description="whether it may run")


def allocator_now(services: ToolServices, scope: ToolScope) -> Tool[NoArguments]:
    """The latest decision: budget and every miner."""

    async def handler(_: NoArguments) -> Document:
        now = await services.live.now(scope.system_id)
        if now["decision"] is None:
            return {"note": "no decision has been made yet"}
        return {**_now(now["decision"], now["miners"], scope)}

    return Tool(
        name="allocator_now",
        description="Latest allocator decision: power budget, and per miner command, reason, what "
        "would change it.",
        arguments=NoArguments,
        handler=handler,
        doing="reading the latest decision",
    )


def decision_explanation(services: ToolServices, scope: ToolScope) -> Tool[Explain]:
    """Why a miner runs or doesn't, now or at a past moment."""

    async def handler(asked: Explain) -> Document:
        summary = await _decided(services, scope, asked.at)
        if asked.miner is not None:
            by_name = {miner["name"]: miner for miner in summary["miners"]}
            summary["miners"] = [find(asked.miner, by_name, kind="miner")]
        return {**summary}

    return Tool(
        name="decision_explanation",
        description="Why a miner runs or is off: the allocator's reason with the numbers compared.",
        arguments=Explain,
        handler=handler,
        doing="looking up why",
    )


def allocator_what_if(services: ToolServices, scope: ToolScope) -> Tool[WhatIfArguments]:
    """The same allocator on changed conditions, without side effect."""

    async def handler(asked: WhatIfArguments) -> Document:
        document = await _document(services, scope, asked)
        decision = await services.what_if.allocate(scope.system_id, document)
        return {"assumed": document, **_summary(decision)}

    return Tool(
        name="allocator_what_if",
        description="What the allocator would decide if voltage, sun, load, mode or a miner's "
        "settings were different. Changes nothing.",
        arguments=WhatIfArguments,
        handler=handler,
        doing="trying it out with the allocator",
    )


async def _document(services: ToolServices, scope: ToolScope, asked: WhatIfArguments) -> Document:
    snapshot: Document = {
        key: value
        for key, value in (
            ("battery_voltage_v", await _voltage(services, scope, asked)),
            ("pv_power_w", asked.pv_power_w),
            ("load_power_w", asked.load_power_w),
        )
        if value is not None
    }
    document: Document = {"snapshot": snapshot} if snapshot else {}
    if asked.operating_mode is not None:
        document["preferences"] = {"operating_mode": asked.operating_mode.value}
    changes = {
        key: getattr(asked, key)
        for key in ("start_voltage", "stop_voltage", "enabled")
        if getattr(asked, key) is not None
    }
    if changes:
        document["miners"] = [{"name": await _miner(services, scope, asked.miner), **changes}]
    if not document:
        raise BadArguments("nothing is different: give at least one value to change")
    return document


async def _voltage(
    services: ToolServices, scope: ToolScope, asked: WhatIfArguments
) -> float | None:
    if asked.battery_voltage_v is not None or asked.soc_pct is None:
        return asked.battery_voltage_v
    owner = (await services.settings.preferences(scope.system_id)).value
    return round(voltage_v(asked.soc_pct, owner), 3)


async def _miner(services: ToolServices, scope: ToolScope, phrase: str | None) -> str:
    stored = [miner.value.name for miner in await services.settings.miners(scope.system_id)]
    if phrase is None:
        raise BadArguments(f"say which miner changes: {', '.join(stored)}")
    return find(phrase, {name: name for name in stored}, kind="miner")


async def _decided(services: ToolServices, scope: ToolScope, at: str | None) -> DecisionDigest:
    if at is None:
        now = await services.live.now(scope.system_id)
        if now["decision"] is None:
            raise BadArguments("no decision has been made yet")
        return _now(now["decision"], now["miners"], scope)
    moment = local_moment(at, services.clock.now(), ZoneInfo(scope.timezone))
    page = await services.decisions.page(
        scope.system_id, before=moment + timedelta(seconds=1), limit=1
    )
    if not page:
        raise BadArguments(f"no decision is stored at or before {moment.isoformat()}")
    summary = _summary(decided(page[0]).decision)
    return {**summary, "decided_at": _local(page[0].at, scope)}


def local_moment(text: str, now: datetime, zone: ZoneInfo) -> datetime:
    """``HH:MM`` as the last such local time before ``now``, or an ISO time (default: local).

    Raises:
        BadArguments: Neither, or in the future.
    """
    clock = re.fullmatch(r"(\d{1,2}):(\d{2})", text)
    try:
        if clock is not None:
            local = now.astimezone(zone).replace(
                hour=int(clock[1]), minute=int(clock[2]), second=0, microsecond=0
            )
            return local if local <= now else local - timedelta(days=1)
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadArguments(f"at: {text!r} is neither HH:MM nor an ISO 8601 time") from error
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)
    if moment > now:
        raise BadArguments(f"at: {text} is in the future; decisions are of the past")
    return moment


def _now(
    decision: DecisionPicture, miners: Sequence[MinerPicture], scope: ToolScope
) -> DecisionDigest:
    """The decision in force, with what its miners do."""
    budget = decision["budget"]
    return {
        "decided_at": _local(datetime.fromisoformat(decision["at"]), scope),
        "age_s": decision["age_s"],
        "budget": _shown(budget if isinstance(budget, dict) else {}),
        "limits": decision["limits"],
        "miners": [
            {
                "name": miner["name"],
                "priority": miner["priority"],
                "is_on": miner["is_on"],
                "power": miner["power"],
                "command": miner["command"],
                "reason": miner["reason"],
                "explanation": miner["explanation"],
                "would_change": miner["would_change"],
            }
            for miner in miners
        ],
    }


def _summary(decision: Decision) -> DecisionDigest:
    return {
        "decided_at": None,
        "age_s": None,
        "budget": _shown(asdict(decision.budget)),
        "limits": list(decision.limits),
        "miners": [_miner_summary(miner) for miner in explained_miners(decision)],
    }


def _shown(budget: Mapping[str, object]) -> Document:
    return {key: budget[key] for key in BUDGET_KEYS if key in budget}


def _miner_summary(explained: ExplainedMiner) -> MinerDigest:
    miner, sentences, decided_by = explained
    return {
        "name": miner.name,
        "priority": miner.priority,
        "command": miner.command.value,
        "reason": miner.reason.code.value,
        "explanation": sentences.explanation,
        "would_change": sentences.would_change,
        "compared": dict(compared(miner.reason)),
        "decided_by": decided_by.decided_by.by,
    }


def _local(at: datetime, scope: ToolScope) -> str:
    return at.astimezone(ZoneInfo(scope.timezone)).isoformat(timespec="seconds")
