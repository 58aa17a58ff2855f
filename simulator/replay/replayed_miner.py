"""A simulated miner with its statistics, for a replay.

A replay's cycle may be longer than a boot, so a boot is stepped within the cycle: the miner's power
is the mean of the cycle, and only the time after the boot counts as hashing.
"""

from __future__ import annotations

from datetime import datetime

from energy.site.miners import MinerProfile, MinerState
from simulator.physics.devices import Device
from simulator.physics.site_plan import DevicePlan
from simulator.replay.outcome import MinerResult

_BOOT_STEP_S = 10.0


class ReplayedMiner:
    """One simulated miner with its statistics."""

    def __init__(self, profile: MinerProfile, seed: int) -> None:
        """Start off; ``seed`` draws how long each boot takes."""
        self.profile = profile
        self.device = Device(
            DevicePlan(
                slug=profile.id,
                name=profile.name,
                kind="miner",
                power_w=profile.power_draw_watts,
                zone="",
            ),
            seed=seed,
        )
        self.result = MinerResult(name=profile.name)
        self.since: datetime | None = None
        self.power_w = 0.0
        self.today_s = 0.0
        self.starts_today = self.switches_today = 0

    def start_day(self) -> None:
        """End the counts of a local day and start the next."""
        result = self.result
        result.most_starts_a_day = max(result.most_starts_a_day, self.starts_today)
        result.most_switches_a_day = max(result.most_switches_a_day, self.switches_today)
        self.starts_today = self.switches_today = 0
        self.today_s = 0.0

    def step(self, dt_s: float, *, powered: bool) -> float:
        """Run for ``dt_s`` seconds and return the mean power drawn, W; 0 unless ``powered``."""
        running = powered and self.device.relay.is_on
        left_s, energy_ws = dt_s, 0.0
        while left_s > 0.0:
            part_s = min(left_s, _BOOT_STEP_S) if running and self._is_starting else left_s
            energy_ws += self.device.step(powered=powered, dt_s=part_s) * part_s
            self._count_running(part_s if running else 0.0)
            left_s -= part_s
        if self.device.relay.is_on:
            self.result.on_s += dt_s
            self.today_s += dt_s
        self.power_w = energy_ws / dt_s
        self.result.energy_wh += energy_ws / 3_600.0
        return self.power_w

    @property
    def _is_starting(self) -> bool:
        """Whether its power still changes: before the first step, while it boots or ramps up."""
        device = self.device
        return device.running_s < device.boot_s + device.plan.ramp_s

    def _count_running(self, part_s: float) -> None:
        device = self.device
        hashing_s = min(part_s, max(0.0, device.running_s - device.boot_s))
        self.result.hashing_s += hashing_s
        self.result.booting_s += part_s - hashing_s

    def state(self) -> MinerState:
        """The miner's state for the allocator; its power is the mean of the cycle, like the
        site's.
        """
        return MinerState(
            miner_id=self.profile.id,
            is_on=self.device.relay.is_on,
            power_w=self.power_w,
            power_in_load_w=self.power_w,
            since=self.since,
            runtime_today_s=self.today_s,
        )

    def switch(self, at: datetime, *, on: bool, urgent: bool = False) -> None:
        """Close or open its switch."""
        relay = self.device.relay
        if relay.is_on is on:
            return
        relay.set(on=on, at_s=at.timestamp(), toggle_after_s=None, source="replay")
        self.switches_today += 1
        if on:
            self.result.starts += 1
            self.starts_today += 1
        else:
            self._count_stop(at, urgent=urgent)
        self.since = at

    def _count_stop(self, at: datetime, *, urgent: bool) -> None:
        result = self.result
        if urgent:
            result.urgent_stops += 1
        elif self.since is not None:
            ran_s = (at - self.since).total_seconds()
            known = result.shortest_run_s
            result.shortest_run_s = ran_s if known is None else min(known, ran_s)
