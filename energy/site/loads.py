"""Heaters and fans, zones, and the ranks of those who may switch."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class LoadKind(StrEnum):
    """What a switch drives."""

    MINER = "miner"
    HEATER = "heater"
    FAN = "fan"


class Actor(StrEnum):
    """Who wants an action or proposes one."""

    OWNER = "owner"
    SAFETY = "safety"
    RULE = "rule"
    ALLOCATOR = "allocator"
    AGENT = "agent"


RANKS = {Actor.SAFETY: 0, Actor.OWNER: 1, Actor.RULE: 2, Actor.ALLOCATOR: 3, Actor.AGENT: 4}
"""The lower number outranks the higher. ``SAFETY`` only stops loads, never starts one."""


class HeatSource(StrEnum):
    """What heats a zone."""

    MINER = "miner"
    HEATER = "heater"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """The owner's settings of one HVAC zone; temperatures °C, each optional; too_hot > hot_ok >
    cold_ok > too_cold.

    Below ``block_charging_below_temp`` the owner is warned that the battery must not be charged;
    nothing of a site can switch its charger.
    """

    id: str
    name: str
    zone_type: str = "room"
    temp_too_hot: float | None = None
    temp_hot_ok: float | None = None
    temp_cold_ok: float | None = None
    temp_too_cold: float | None = None
    exhaust_fan_enabled: bool = False
    exhaust_fan_device_id: str | None = None
    exhaust_fan_speed_auto: bool = True
    exhaust_fan_max_speed: int = 10
    heating_enabled: bool = False
    heating_priority_1: HeatSource = HeatSource.NONE
    heating_priority_2: HeatSource = HeatSource.NONE
    heater_device_id: str | None = None
    only_heat_when_solar: bool = True
    minimum_solar_for_heating_watts: float = 0.0
    block_charging_below_temp: float | None = None
    sensor_device_id: str | None = None
    enabled: bool = True


OFF_SHARE = 0.05
OFF_FLOOR_W = 15.0
"""A small load's meter noise, and what a power supply in standby takes, W."""


def is_standby(power_w: float, rated_w: float) -> bool:
    """Whether so little flows that a load counts as off, W both."""
    return power_w <= max(OFF_FLOOR_W, OFF_SHARE * rated_w)


def draws_though_off(*, is_on: bool | None, power_w: float | None, rated_w: float) -> bool:
    """Whether a switch says off while its meter says that the load draws its power.

    A relay that is welded or that lies: what it says of its state can't be used, what flows counts.
    """
    return is_on is False and power_w is not None and not is_standby(power_w, rated_w)


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherLoad:
    """A heater or fan as the budget sees it.

    Attributes:
        id: The controlled load's id.
        name: As shown to the owner.
        kind: Heater or fan.
        rated_w: Its power where it has no meter, W.
        is_on: Whether its switch is on; None when it does not answer.
        power_w: Measured power now, W; None without a meter.
        power_in_load_w: Its power when the site's load was measured, W; None when unknown.
        wanted_on: Only in stored decisions up to version 1.2.0: whether its zone wanted it on.
            Since then zones make proposals.
    """

    id: str
    name: str
    kind: LoadKind
    rated_w: float = 0.0
    is_on: bool | None = False
    power_w: float | None = None
    power_in_load_w: float | None = None
    wanted_on: bool | None = None
