"""The owner's settings: preferences, miner profiles, zones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from enum import StrEnum

from pydantic import Field

from tools.names import find
from tools.services import ToolScope, ToolServices
from tools.tool import Arguments, Document, Tool


class Topic(StrEnum):
    """Groups of preferences."""

    BATTERY = "battery"
    POLICY = "policy"
    SOC = "soc"
    AUTOMATION = "automation"
    NOTIFICATIONS = "notifications"
    PLACE = "place"


TOPICS: dict[Topic, tuple[str, ...]] = {
    Topic.BATTERY: (
        "battery_chemistry",
        "battery_nominal_v",
        "battery_capacity_wh",
        "battery_absolute_min",
        "voltage_shutdown",
        "voltage_critical_low",
        "voltage_low",
        "voltage_restart",
        "voltage_optimal_min",
        "voltage_optimal_max",
        "voltage_float",
        "voltage_absorption",
        "voltage_full",
        "battery_absolute_max",
        "voltage_curve",
    ),
    Topic.POLICY: (
        "operating_mode",
        "grid_import_allowed",
        "max_grid_import_w",
        "battery_discharge_allowance_w",
        "max_battery_discharge_w",
        "budget_tolerance_w",
        "budget_delay_minutes",
        "max_starts_per_cycle",
        "night_reserve_enabled",
        "night_margin",
        "sun_to_come_trust",
        "unknown_night_hours",
        "assumed_base_load_w",
        "dark_day_reserve_wh",
        "overcast_sun_pct",
        "reserve_ceiling_pct",
        "balanced_stop_band_pct",
        "balanced_stop_step_pct",
        "balanced_start_band_pct",
        "balanced_start_step_pct",
        "aggressive_stop_band_pct",
        "aggressive_stop_step_pct",
        "aggressive_start_band_pct",
        "aggressive_start_step_pct",
        "sun_stop_soc_pct",
        "sun_start_soc_pct",
        "sun_start_step_pct",
        "sun_lend_soc_pct",
        "sun_delay_minutes",
    ),
    Topic.SOC: (
        "soc_critical_pct",
        "soc_minimum_pct",
        "soc_warning_pct",
        "soc_pause_miners_pct",
        "soc_resume_miners_pct",
        "soc_target_pct",
        "solar_priority_start",
        "solar_priority_end",
    ),
    Topic.AUTOMATION: (
        "control_level",
        "require_confirmation",
        "manual_hold_minutes",
        "stale_after_s",
        "failsafe_after_s",
        "dead_man_minutes",
        "approval_minutes",
    ),
    Topic.NOTIFICATIONS: ("notify_critical_only", "quiet_hours_start", "quiet_hours_end"),
    Topic.PLACE: ("timezone", "latitude", "longitude", "units", "temperature_unit"),
}
"""Preferences by topic. Addresses for messages are left out, so that no model gets them."""


class OnTopic(Arguments):
    """Which group of preferences."""

    topic: Topic | None = Field(default=None, description="one of " + ", ".join(Topic))


class OfMiner(Arguments):
    """Which miner."""

    miner: str | None = Field(
        default=None, description="miner's name or part of it; all if omitted"
    )


class OfZone(Arguments):
    """Which zone."""

    zone: str | None = Field(default=None, description="zone's name or part of it; all if omitted")


def preferences(services: ToolServices, scope: ToolScope) -> Tool[OnTopic]:
    """The owner's preferences, by topic."""

    async def handler(asked: OnTopic) -> Document:
        stored = await services.settings.preferences(scope.system_id)
        values = asdict(stored.value)
        topics = list(Topic) if asked.topic is None else [asked.topic]
        return {topic.value: {key: values[key] for key in TOPICS[topic]} for topic in topics}

    return Tool(
        name="preferences",
        description="Settings: battery thresholds, energy policy, SOC limits, automation.",
        arguments=OnTopic,
        handler=handler,
        doing="reading the settings",
    )


def miner_profiles(services: ToolServices, scope: ToolScope) -> Tool[OfMiner]:
    """Profiles of miners: power, priority, voltages, conditions."""

    async def handler(asked: OfMiner) -> Document:
        stored = [miner.value for miner in await services.settings.miners(scope.system_id)]
        if asked.miner is not None:
            stored = [find(asked.miner, {stored.name: stored for stored in stored}, kind="miner")]
        ordered = sorted(stored, key=lambda miner: (miner.priority_level, miner.name))
        return {
            "miners": [_without(asdict(miner), "id", "device_id", "zone_id") for miner in ordered]
        }

    return Tool(
        name="miner_profiles",
        description="Miners' settings: power, priority, start/stop voltage, window, sun needed.",
        arguments=OfMiner,
        handler=handler,
        doing="reading the miners' settings",
    )


def zones(services: ToolServices, scope: ToolScope) -> Tool[OfZone]:
    """Zones: settings with what is measured and done now."""

    async def handler(asked: OfZone) -> Document:
        stored = [zone.value for zone in await services.settings.zones(scope.system_id)]
        if asked.zone is not None:
            stored = [find(asked.zone, {stored.name: stored for stored in stored}, kind="zone")]
        now = await services.live.now(scope.system_id)
        live = {zone.get("id"): zone for zone in now.get("zones") or []}
        hidden = ("id", "exhaust_fan_device_id", "heater_device_id", "sensor_device_id")
        return {
            "zones": [
                {
                    "name": stored.name,
                    "now": _without(live.get(stored.id, {}), "id", "name"),
                    "settings": _without(asdict(stored), *hidden, "name"),
                }
                for stored in stored
            ]
        }

    return Tool(
        name="zones",
        description="Rooms: temperature now, fan and heating with reason, and their settings (°C).",
        arguments=OfZone,
        handler=handler,
        doing="reading the rooms",
    )


def _without(values: Mapping[str, object], *hidden: str) -> Document:
    return {key: value for key, value in values.items() if key not in hidden}
