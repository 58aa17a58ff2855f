"""The site under a running clock, with its uploads to the vendors' clouds."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime
from typing import Any

from services.clock import Clock
from simulator.physics.measurements import Measurements
from simulator.physics.site import SimulatedSite
from simulator.physics.sun import ClearSun

_KEPT_S = 2 * 86_400.0
_AHEAD_S = 43_200.0
_DAY_S = 86_400.0


class Uploads:
    """What one vendor's cloud has received: a reading every ``every_s`` site seconds."""

    def __init__(self, *, every_s: float) -> None:
        """Nothing received yet."""
        self.every_s = every_s
        self.readings: deque[Measurements] = deque(maxlen=int(_KEPT_S / every_s) + 1)
        self.next_s = 0.0

    def offer(self, site: SimulatedSite) -> None:
        """Take a reading if one is due."""
        if site.at_s >= self.next_s:
            self.readings.append(site.measure())
            self.next_s = (site.at_s // self.every_s + 1.0) * self.every_s

    @property
    def latest(self) -> Measurements:
        """The newest reading."""
        return self.readings[-1]

    def between(self, start_s: float, end_s: float) -> list[Measurements]:
        """Readings over [start, end), epoch seconds."""
        return [reading for reading in self.readings if start_s <= reading.at_s < end_s]


class LiveSite:
    """Keeps a simulated site in step with the clock.

    SolArk's inverter reports every five minutes, Victron's gateway every minute by default; the
    switches are read directly.
    """

    def __init__(
        self,
        *,
        site: SimulatedSite,
        clock: Clock,
        solark_every_s: float = 300.0,
        vrm_every_s: float = 60.0,
    ) -> None:
        """Nothing is uploaded before the first ``advance``."""
        self.site, self.clock = site, clock
        self.solark = Uploads(every_s=solark_every_s)
        self.vrm = Uploads(every_s=vrm_every_s)

    def advance(self) -> None:
        """Step the site to the clock's time, with every upload that becomes due."""
        target_s = self.clock.now().timestamp()
        site = self.site
        if not self.solark.readings:
            self._upload_first()
        if target_s - site.at_s > _KEPT_S:
            site.advance_to(datetime.fromtimestamp(target_s - _KEPT_S, UTC))
        while site.at_s < target_s:
            due_s = min(target_s, self.solark.next_s, self.vrm.next_s)
            site.advance_to(datetime.fromtimestamp(due_s, UTC))
            self.solark.offer(site)
            self.vrm.offer(site)

    def _upload_first(self) -> None:
        self.site.settle()
        for uploads in (self.solark, self.vrm):
            uploads.offer(self.site)

    def prepare(self) -> None:
        """Compute the clear sky ahead. Slow the first time: call it in a thread."""
        sun = self.site.clear_sun
        if not isinstance(sun, ClearSun):
            return
        at_s, target_s = self.site.at_s, self.clock.now().timestamp() + _AHEAD_S
        at_s = max(at_s, target_s - 3.0 * _DAY_S)
        while at_s < target_s:
            sun.prepare(at_s)
            at_s += _DAY_S
        sun.prepare(target_s)

    def is_prepared(self) -> bool:
        """Whether the sun is known from the site's time to well ahead of the clock's."""
        sun = self.site.clear_sun
        if not isinstance(sun, ClearSun):
            return True
        now_s = self.clock.now().timestamp()
        return all(sun.is_prepared(at_s) for at_s in (self.site.at_s, now_s, now_s + _AHEAD_S))

    def to_json(self) -> dict[str, Any]:
        """The site's state, with the computed days of sun."""
        sun = self.site.clear_sun
        tables = sun.to_json() if isinstance(sun, ClearSun) else {}
        return {"site": self.site.to_json(), "sun": tables}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from what ``to_json`` gave."""
        if isinstance(self.site.clear_sun, ClearSun):
            self.site.clear_sun.restore(state["sun"])
        self.site.restore(state["site"])
        for uploads in (self.solark, self.vrm):
            uploads.readings.clear()
            uploads.next_s = 0.0
