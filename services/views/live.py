"""The live view for the home page, the API and the tools: every number with unit and age."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from energy import dataclass_json
from energy.allocation.decision import Decision, LoadDecision
from energy.allocation.explanation.sentences import Explanations
from energy.battery.voltage_range import battery_range
from energy.climate.zones import ZoneDecision
from energy.measuring.measured import Measured
from energy.measuring.quantity import Quantity
from energy.measuring.staleness import stale_after_s
from energy.site.display import display_of
from energy.site.miners import MinerProfile
from energy.site.preferences import Preferences
from energy.site.snapshot import Reading
from services.actions.ports import EmergencyStopStore
from services.alerting.ports import AlertStore
from services.clock import Clock
from services.control.decided import Decided, decided
from services.control.ports import DecisionStore
from services.control.records import DecisionRecord
from services.memory.ports import MemoryStore
from services.telemetry.load_states import LOAD_FRESH_S, LoadState
from services.telemetry.snapshots import BuiltSnapshot, SnapshotBuilder
from services.views.owners_units import in_owners_units
from services.views.site_picture import (
    AgedNumber,
    BatteryPicture,
    DecisionPicture,
    MinerCommand,
    MinerPicture,
    SitePicture,
    SwitchPicture,
    ZoneCommand,
    ZonePicture,
)

DECISION_STALE_S = 180.0
"""A decision older than three cycles is shown as stale, s."""


class LiveView:
    """The live view; reads only. One call gives values of one moment."""

    def __init__(
        self,
        *,
        snapshots: SnapshotBuilder,
        memory: MemoryStore,
        decisions: DecisionStore,
        emergency: EmergencyStopStore,
        alerts: AlertStore,
        clock: Clock,
    ) -> None:
        """The stores and the snapshot builder that the view reads."""
        self._snapshots, self._memory, self._decisions = snapshots, memory, decisions
        self._emergency, self._alerts, self._clock = emergency, alerts, clock

    async def now(self, system_id: UUID) -> SitePicture:
        """The live view as JSON; an unknown value is ``{"value": null, …}``, never 0."""
        at = self._clock.now()
        memory = await self._memory.load(system_id)
        built = await self._snapshots.build(system_id, at, memory)
        record = await self._decisions.latest(system_id)
        what = None if record is None else decided(record)
        budget = None if what is None else what.decision.budget
        decided_s = None if record is None else (at - record.at).total_seconds()
        stop = await self._emergency.state(system_id)
        measured = built.measured
        picture: SitePicture = {
            "at": at.isoformat(),
            "battery": _battery(measured, built.preferences),
            "solar": {
                "power": _quantity(measured.pv, "W"),
                "potential": _computed(
                    None if budget is None else budget.pv_potential_w,
                    "W",
                    decided_s,
                    DECISION_STALE_S,
                ),
            },
            "load": {
                "power": _quantity(measured.load, "W"),
                "base": _quantity(measured.base_load, "W"),
            },
            "grid": {"power": _quantity(measured.grid, "W")},
            "miners": _miners(built, what, at),
            "zones": _zones(built, what),
            "loads": _loads(built, at),
            "decision": _decision(record, what, decided_s),
            "emergency_stop": {
                "latched": stop.latched,
                "changed_at": None if stop.changed_at is None else stop.changed_at.isoformat(),
                "changed_by": stop.changed_by,
                "reason": stop.reason,
            },
            "control_level": built.preferences.control_level.value,
            "alerts_open": len(await self._alerts.open(system_id)),
        }
        return in_owners_units(picture, display_of(built.preferences))


def _battery(measured: Measured, preferences: Preferences) -> BatteryPicture:
    stands = battery_range(measured.raw_voltage_v, measured.rest_voltage_v, preferences)
    return {
        "range": {
            "code": None if stands is None else stands.code.value,
            "sentence": "" if stands is None else stands.sentence,
        },
        "voltage": _quantity(measured.voltage, "V"),
        "rest_voltage": _quantity(measured.rest_voltage, "V", digits=3),
        "soc": _quantity(measured.soc, "%"),
        "current": _quantity(measured.current, "A"),
        "power": _quantity(measured.battery_power, "W"),
        "temperature": _quantity(measured.battery_temperature, "°C"),
    }


def _miners(built: BuiltSnapshot, what: Decided | None, at: datetime) -> list[MinerPicture]:
    commands = {} if what is None else _commands(what.decision)
    profiles = sorted(built.miners, key=lambda miner: (miner.priority_level, miner.name))
    return [
        _miner(profile, built, at, commands.get(profile.id, NOT_DECIDED)) for profile in profiles
    ]


def _commands(decision: Decision) -> dict[str, MinerCommand]:
    """Each miner's command with its sentences, by id."""
    return {
        miner.miner_id: {
            "command": miner.command.value,
            "reason": miner.reason.code.value,
            "explanation": sentences.explanation,
            "would_change": sentences.would_change,
        }
        for miner, sentences in Explanations(decision).all()
    }


NOT_DECIDED: MinerCommand = {
    "command": None,
    "reason": None,
    "explanation": "",
    "would_change": "",
}


def _miner(
    profile: MinerProfile, built: BuiltSnapshot, at: datetime, command: MinerCommand
) -> MinerPicture:
    load_id = None if profile.device_id is None else UUID(profile.device_id)
    state = LoadState() if load_id is None else built.load_states.get(load_id, LoadState())
    return {
        "id": profile.id,
        "name": profile.name,
        "priority": profile.priority_level,
        "load_id": profile.device_id,
        "is_on": state.is_on,
        "since": None if state.since is None else state.since.isoformat(),
        "power": _measured(state.power_w, "W", state, profile.name, at),
        **command,
    }


def _zones(built: BuiltSnapshot, what: Decided | None) -> list[ZonePicture]:
    decided = {} if what is None else {zone.zone_id: zone for zone in what.zones.zones}
    loads = {} if what is None else {load.load_id: load for load in what.decision.loads}
    return [
        {
            "id": zone.id,
            "name": zone.name,
            "type": zone.zone_type,
            "temperature": _value(built.temperatures.get(zone.id), "°C", built.preferences),
            **_zone_command(decided.get(zone.id), loads),
        }
        for zone in sorted(built.zones, key=lambda zone: zone.name)
    ]


def _zone_command(zone: ZoneDecision | None, loads: Mapping[str, LoadDecision]) -> ZoneCommand:
    """The zone's command; where another proposal decided about its fan or heater, the text
    says so.
    """
    if zone is None:
        return NO_ZONE_COMMAND
    fan = None if zone.fan_device_id is None else loads.get(zone.fan_device_id)
    heater = None if zone.heater_device_id is None else loads.get(zone.heater_device_id)
    fan_on = zone.fan_on if fan is None else fan.command.runs
    heater_on = zone.heater_on if heater is None else heater.command.runs
    overruled = [
        f"{load.name} is to be {'on' if load.command.runs else 'off'}: {load.explanation}"
        for load, wanted in ((fan, zone.fan_on), (heater, zone.heater_on))
        if load is not None and load.command.runs is not wanted
    ]
    return {
        "reason": zone.reason.value,
        "explanation": " ".join([zone.explanation, *overruled]),
        "would_change": zone.would_change,
        "fan_on": fan_on,
        "fan_speed": zone.fan_speed if fan is None else fan.speed,
        "heater_on": heater_on,
    }


NO_ZONE_COMMAND: ZoneCommand = {
    "reason": None,
    "explanation": "",
    "would_change": "",
    "fan_on": None,
    "fan_speed": None,
    "heater_on": None,
}


def _loads(built: BuiltSnapshot, at: datetime) -> list[SwitchPicture]:
    shown: list[SwitchPicture] = []
    for load in sorted(built.loads.values(), key=lambda load: load.name):
        state = built.load_states[load.id]
        shown.append(
            {
                "id": str(load.id),
                "name": load.name,
                "kind": load.kind.value,
                "is_on": state.is_on,
                "power": _measured(state.power_w, "W", state, load.name, at),
            }
        )
    return shown


def _decision(
    record: DecisionRecord | None, what: Decided | None, age_s: float | None
) -> DecisionPicture | None:
    if record is None or what is None:
        return None
    return {
        "id": str(record.id),
        "at": record.at.isoformat(),
        "age_s": age_s,
        "budget": dataclass_json.to_json(what.decision.budget),
        "limits": list(what.decision.limits),
    }


def _quantity(quantity: Quantity, unit: str, *, digits: int = 2) -> AgedNumber:
    """A measured quantity as JSON; one that is not believed has a reason instead of a value."""
    shown = _computed(
        quantity.value,
        unit,
        quantity.age_s,
        quantity.stale_after_s,
        source=quantity.source,
        digits=digits,
    )
    return {**shown, "quality": quantity.quality.value, "reason": quantity.reason}


def _value(reading: Reading | None, unit: str, preferences: Preferences) -> AgedNumber:
    if reading is None:
        return _computed(None, unit, None, None, source=None)
    return {
        "value": _rounded(reading.value),
        "unit": unit,
        "age_s": round(reading.age_s, 1),
        "stale_after_s": stale_after_s(reading, preferences),
        "source": reading.source,
    }


def _computed(
    value: float | None,
    unit: str,
    age_s: float | None,
    stale_after: float | None,
    *,
    source: str | None = "computed",
    digits: int = 2,
) -> AgedNumber:
    return {
        "value": None if value is None else _rounded(value, digits),
        "unit": unit,
        "age_s": None if age_s is None else round(age_s, 1),
        "stale_after_s": stale_after,
        "source": source,
    }


def _measured(
    value: float | None, unit: str, state: LoadState, source: str, at: datetime
) -> AgedNumber:
    age_s = None
    if state.measured_at is not None:
        age_s = max(0.0, (at - state.measured_at).total_seconds())
    return _computed(value, unit, age_s, LOAD_FRESH_S, source=source)


def _rounded(value: float, digits: int = 2) -> float:
    return round(value, digits)
