"""Outcome of a replay: sums over the whole time, per day and per miner."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(slots=True, kw_only=True)
class MinerResult:
    """Outcome of one miner. ``shortest_run_s`` is None when no run ended but by an urgent stop.

    ``on_s`` is the time with its switch closed, of which ``booting_s`` and ``hashing_s`` had power.
    """

    name: str
    energy_wh: float = 0.0
    on_s: float = 0.0
    booting_s: float = 0.0
    hashing_s: float = 0.0
    starts: int = 0
    urgent_stops: int = 0
    most_starts_a_day: int = 0
    most_switches_a_day: int = 0
    shortest_run_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayDay:
    """One local day: kWh, volts and per cents."""

    date: str
    pv_kwh: float
    load_kwh: float
    miners_kwh: float
    curtailed_kwh: float
    unserved_kwh: float
    unserved_without_miners_kwh: float
    lowest_voltage_v: float
    lowest_soc_pct: float
    highest_soc_pct: float
    lowest_soc_without_miners_pct: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WithoutMiners:
    """Outcome with the same sun, house and battery but without miners."""

    unserved_kwh: float
    unserved_s: float
    lowest_voltage_v: float
    lowest_soc_pct: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A time without measurements in the series."""

    start: datetime
    end: datetime

    @property
    def length_s(self) -> float:
        """How long it lasts, s."""
        return (self.end - self.start).total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """A voltage at which something is switched."""

    name: str
    voltage_v: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayResult:
    """The outcome. Energies kWh over the whole time; ``load_kwh`` is the house without miners.

    ``unserved_kwh`` is the house's unserved energy, ``unserved_s`` its duration. ``curtailed_kwh``
    is throttled PV.
    """

    series: str
    timezone: str
    start: datetime
    end: datetime
    steps: int
    pv_kwh: float
    available_kwh: float
    curtailed_kwh: float
    load_kwh: float
    miners_kwh: float
    charged_kwh: float
    discharged_kwh: float
    unserved_kwh: float
    unserved_s: float
    lowest_voltage_v: float
    lowest_soc_pct: float
    end_soc_pct: float
    cutoff_v: float
    reconnect_v: float
    without_miners: WithoutMiners
    miners: tuple[MinerResult, ...]
    days: tuple[ReplayDay, ...]
    gaps: tuple[Gap, ...]
    thresholds: tuple[Threshold, ...]
