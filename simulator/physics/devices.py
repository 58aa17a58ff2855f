"""The switched loads: relays with auto-off timers, and the power drawn behind them."""

from __future__ import annotations

import random
from typing import NotRequired, TypedDict

from simulator.physics.site_plan import DevicePlan


class RelayState(TypedDict):
    """A relay's state for a restart; times are epoch seconds."""

    is_on: bool
    energy_wh: float
    timer_started_s: float | None
    timer_s: float | None
    switched_s: float | None
    source: str


class DeviceState(TypedDict):
    """A device's state for a restart."""

    relay: RelayState
    power_w: float
    running_s: float
    starts: int
    boot_s: float
    level: NotRequired[float]


class Relay:
    """A relay with a hardware timer that counts in the site's time.

    Times are epoch seconds. ``timer_started_s`` and ``timer_s`` are None while no timer is armed.
    """

    __slots__ = ("energy_wh", "is_on", "source", "switched_s", "timer_s", "timer_started_s")

    def __init__(self) -> None:
        """Start open, with nothing armed."""
        self.is_on = False
        self.timer_started_s: float | None = None
        self.timer_s: float | None = None
        self.switched_s: float | None = None
        self.source = "init"
        self.energy_wh = 0.0

    def set(self, *, on: bool, at_s: float, toggle_after_s: float | None, source: str) -> bool:
        """Close or open the relay; with ``toggle_after_s`` it flips back after that time.

        Any command replaces an armed timer. Returns whether the relay was closed before.
        """
        was_on = self.is_on
        if was_on != on:
            self.switched_s = at_s
        self.is_on, self.source = on, source
        armed = toggle_after_s is not None and toggle_after_s > 0.0
        self.timer_started_s = at_s if armed else None
        self.timer_s = toggle_after_s if armed else None
        return was_on

    def expire(self, at_s: float) -> None:
        """Flip the relay if its timer has run out by ``at_s``."""
        if self.timer_started_s is None or self.timer_s is None:
            return
        due_s = self.timer_started_s + self.timer_s
        if due_s <= at_s:
            self.set(on=not self.is_on, at_s=due_s, toggle_after_s=None, source="timer")

    def to_json(self) -> RelayState:
        """The state that a restart continues from."""
        return {
            "is_on": self.is_on,
            "energy_wh": self.energy_wh,
            "timer_started_s": self.timer_started_s,
            "timer_s": self.timer_s,
            "switched_s": self.switched_s,
            "source": self.source,
        }

    def restore(self, data: RelayState) -> None:
        """Take over what ``to_json`` gave."""
        self.is_on, self.energy_wh = data["is_on"], data["energy_wh"]
        self.timer_started_s, self.timer_s = data["timer_started_s"], data["timer_s"]
        self.switched_s, self.source = data["switched_s"], data["source"]


class Device:
    """A relay and the load behind it. ``power_w`` is what it draws now, ``heat_w`` what it gives.

    A miner boots for minutes at low power, then ramps up; cutting its power stops it at once.
    """

    __slots__ = ("_boot_s", "_seed", "level", "plan", "power_w", "relay", "running_s", "starts")

    def __init__(self, plan: DevicePlan, *, seed: int) -> None:
        """Start off. The seed draws how long each boot takes."""
        self.plan = plan
        self.relay = Relay()
        self.power_w = 0.0
        self.level = 1.0
        self.running_s = 0.0
        self.starts = 0
        self._seed = seed
        self._boot_s = self._draw_boot()

    def _draw_boot(self) -> float:
        draw = random.Random(f"{self._seed}/{self.plan.slug}/{self.starts}")  # noqa: S311 - physics
        return draw.uniform(*self.plan.boot_s)

    @property
    def is_hashing(self) -> bool:
        """Whether it is a miner beyond its boot."""
        return self.plan.kind == "miner" and self.power_w > 0.0 and self.running_s > self._boot_s

    @property
    def boot_s(self) -> float:
        """How long the present boot takes, s."""
        return self._boot_s

    @property
    def heat_w(self) -> float:
        """Heat given to the room, W: everything but a fan's air."""
        return 0.0 if self.plan.kind == "fan" else self.power_w

    def step(self, *, powered: bool, dt_s: float) -> float:
        """Run for ``dt_s`` seconds and return the power drawn, W; 0 unless ``powered``."""
        if not (powered and self.relay.is_on):
            self.running_s = self.power_w = 0.0
            return 0.0
        if self.running_s == 0.0:
            self.starts += 1
            self._boot_s = self._draw_boot()
        self.running_s += dt_s
        self.power_w = self._power_at(self.running_s)
        self.relay.energy_wh += self.power_w * dt_s / 3_600.0
        return self.power_w

    def _power_at(self, running_s: float) -> float:
        plan = self.plan
        if plan.kind != "miner":
            return plan.power_w * self.level
        if running_s <= self._boot_s:
            return plan.boot_power_w
        ramped = (running_s - self._boot_s) / plan.ramp_s
        if ramped < 1.0:
            return plan.boot_power_w + (plan.power_w - plan.boot_power_w) * ramped
        # Hashing power wanders by about a percent, in steps of half a minute.
        wander = ((int(running_s / 30.0) * 2_654_435_761) % 1_000) / 1_000.0
        return plan.power_w * (0.994 + 0.012 * wander)

    def to_json(self) -> DeviceState:
        """The state that a restart continues from."""
        return {
            "relay": self.relay.to_json(),
            "power_w": self.power_w,
            "running_s": self.running_s,
            "starts": self.starts,
            "boot_s": self._boot_s,
            "level": self.level,
        }

    def restore(self, data: DeviceState) -> None:
        """Take over what ``to_json`` gave."""
        self.relay.restore(data["relay"])
        self.power_w, self.running_s = data["power_w"], data["running_s"]
        self.starts, self._boot_s = data["starts"], data["boot_s"]
        self.level = data.get("level", 1.0)
