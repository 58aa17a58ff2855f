"""Faults that can be switched on: per vendor, per device, each with a value where it needs one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from simulator.physics.measurements import Measurements

TARGETS = ("solark", "vrm", "shelly")
"""Targets of faults. ``shelly`` means every switch, ``shelly/<slug>`` one of them."""


_EXTREME_W = 1e308


class FaultKind(StrEnum):
    """Kinds of faults.

    ``TIMEOUT``: no answer for ``value`` wall seconds (60 by default). ``OFFLINE``: the connection
    is closed. ``HTTP_500``, ``GARBAGE``, ``RATE_LIMIT``: the answer is that. ``UNAUTHORIZED``: no
    sign-in is accepted. ``EXPIRED_LOGIN``: present sessions have ended (once). ``FROZEN``: values
    stand still under moving timestamps (``value``: names of the measurements, all by default).
    ``STALE``: values and timestamps stand still. ``CLOCK_DRIFT``: timestamps are off by ``value``
    seconds. ``IGNORE_COMMANDS``: commands are confirmed and not carried out. ``WRONG_STATE``: the
    opposite state is reported. ``BOMB``: a small gzip that unpacks to 48 MB. ``EXTREME``: all
    powers are 10³⁰⁸ W. ``SUBTOTAL``: SolArk shows the part of one of two inverters. ``NO_DETAIL``:
    SolArk's battery detail fails alone. ``SETUP``: a switch is set to come on by itself.
    ``WRONG_DEVICE``: another switch answers at the address. ``RATE_LIMIT`` asks for ``value``
    seconds (5), and for a date where ``value`` is ``"date"``.
    """

    TIMEOUT = "timeout"
    OFFLINE = "offline"
    HTTP_500 = "http500"
    GARBAGE = "garbage"
    RATE_LIMIT = "rate_limit"
    UNAUTHORIZED = "unauthorized"
    EXPIRED_LOGIN = "expired_login"
    FROZEN = "frozen"
    STALE = "stale"
    CLOCK_DRIFT = "clock_drift"
    IGNORE_COMMANDS = "ignore_commands"
    WRONG_STATE = "wrong_state"
    BOMB = "bomb"
    EXTREME = "extreme"
    SUBTOTAL = "subtotal"
    NO_DETAIL = "no_detail"
    SETUP = "setup"
    WRONG_DEVICE = "wrong_device"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One active fault. ``held`` are the measurements at the time it was switched on."""

    kind: FaultKind
    value: object
    held: Measurements

    def seconds(self, *, default: float) -> float:
        """``value`` as seconds; ``default`` where it is no number."""
        return float(self.value) if isinstance(self.value, int | float) else default


class Faults:
    """The active faults of a simulated site."""

    def __init__(self) -> None:
        """Everything works."""
        self._active: dict[tuple[str, FaultKind], Fault] = {}

    def switch_on(
        self, target: str, kind: FaultKind, *, measurements: Measurements, value: object = None
    ) -> None:
        """Let ``target`` fail by ``kind`` until it is switched off."""
        self._active[target, kind] = Fault(kind=kind, value=value, held=measurements)

    def switch_off(self, target: str, kind: FaultKind) -> None:
        """End the fault; nothing happens when it is not active."""
        self._active.pop((target, kind), None)

    def clear(self) -> None:
        """End all faults."""
        self._active.clear()

    def of(self, target: str, kind: FaultKind) -> Fault | None:
        """The fault of ``target`` by ``kind``; one of ``shelly`` holds for every switch."""
        fault = self._active.get((target, kind))
        if fault is None and "/" in target:
            fault = self._active.get((target.split("/", 1)[0], kind))
        return fault

    def has(self, target: str, kind: FaultKind) -> bool:
        """Whether ``target`` fails by ``kind``."""
        return self.of(target, kind) is not None

    def seen(self, target: str, measurements: Measurements) -> Measurements:
        """What ``target`` shows of ``measurements``: stale, frozen, or with a drifting clock."""
        shown = measurements
        if (stale := self.of(target, FaultKind.STALE)) is not None:
            shown = stale.held
        elif (frozen := self.of(target, FaultKind.FROZEN)) is not None:
            names = frozen.value if isinstance(frozen.value, list) else None
            shown = _freeze(measurements, frozen.held, names)
        if self.has(target, FaultKind.EXTREME):
            shown = _with_powers(shown, lambda _: _EXTREME_W)
        if self.has(target, FaultKind.SUBTOTAL):
            shown = _with_powers(shown, lambda power_w: power_w / 2.0)
        if (drift := self.of(target, FaultKind.CLOCK_DRIFT)) is not None:
            shown = replace(shown, at_s=shown.at_s + drift.seconds(default=0.0))
        return shown

    def to_json(self) -> list[dict[str, Any]]:
        """The active faults."""
        return [
            {"target": target, "kind": kind.value, "value": fault.value}
            for (target, kind), fault in self._active.items()
        ]


def _with_powers(shown: Measurements, change: Callable[[float], float]) -> Measurements:
    return replace(
        shown,
        pv_w=change(shown.pv_w),
        load_w=change(shown.load_w),
        grid_w=change(shown.grid_w),
        battery_w=change(shown.battery_w),
    )


def _freeze(now: Measurements, held: Measurements, names: list[str] | None) -> Measurements:
    if names is None:
        return replace(held, at_s=now.at_s)
    return replace(now, **{name: getattr(held, name) for name in names})
