"""Off-grid weeks of a plant model of another kind, decided by the core.

``python -m bench.offgrid [--mode M] [--readings R] [--follow] [--weeks 8] [--set name=value]
[--json]``; with ``--follow`` a process of its own decides, over standard input and output.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bench.offgrid_deciders import CoreDecider, Decider, PipeDecider, Read
from bench.offgrid_plant import (
    ABSORPTION_V,
    CAPACITY_WH,
    CURVE,
    DAYS,
    FLOAT_V,
    LATITUDE,
    LOADS_W,
    LONGITUDE,
    MINUTES,
    NOMINAL_V,
    PEAK_W,
    TILT_DEG,
    Plant,
    Week,
    possible_wh,
    week_of,
)
from energy.allocation.decision import Command
from energy.dataclass_json import from_json, object_json
from energy.site.miners import MinerMode, MinerProfile
from energy.site.preference_rules import preference_violations
from energy.site.preferences import Preferences
from energy.site.pv_array import PvArray
from forecasting.clear_sky import ClearSkyModel, geometry
from services.telemetry.ports import SkyModel

LATE_MIN = 3
READINGS = ("fresh", "late", "quantised", "late+quantised")
DAYS_OF_YEAR = (10, 55, 100, 145, 190, 235, 280, 325)

OWNER = Preferences(
    voltage_curve=CURVE,
    battery_capacity_wh=CAPACITY_WH,
    battery_nominal_v=NOMINAL_V,
    voltage_shutdown=46.0,
    voltage_critical_low=48.0,
    voltage_low=49.5,
    voltage_restart=51.0,
    voltage_optimal_min=51.8,
    voltage_optimal_max=54.0,
    voltage_float=FLOAT_V,
    voltage_absorption=ABSORPTION_V,
    voltage_full=56.6,
    soc_minimum_pct=10.0,
    latitude=LATITUDE,
    longitude=LONGITUDE,
    timezone="Europe/Zurich",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Outcome of one week. SOC in %, energies in kWh."""

    week: str
    hashing_kwh: float
    possible_kwh: float
    switches_a_day: float
    lowest_soc_pct: float
    lowest_soc_without_pct: float
    unserved_kwh: float
    unserved_without_kwh: float
    curtailed_kwh: float

    @property
    def hashing_pct(self) -> float:
        """Hashing energy as a share of the possible, %; 100 where nothing was possible."""
        return 100.0 * self.hashing_kwh / self.possible_kwh if self.possible_kwh > 0.0 else 100.0


def miners_of(mode: MinerMode) -> tuple[MinerProfile, ...]:
    """Four miners of one mode, by falling size."""
    return tuple(
        MinerProfile(
            id=f"m{number}",
            name=f"Miner {number + 1}",
            power_draw_watts=watts,
            priority_level=number + 1,
            operating_mode=mode,
            start_voltage=51.5,
            stop_voltage=50.4,
            emergency_stop_voltage=49.0,
        )
        for number, watts in enumerate(LOADS_W)
    )


def sky_model() -> SkyModel:
    """The product's own clear sky over the plant's array."""
    array = PvArray(peak_w=PEAK_W, tilt_deg=TILT_DEG)
    return ClearSkyModel(geometry(LATITUDE, LONGITUDE, array))


def live(week: Week, preferences: Preferences, decider: Decider, readings: str) -> Outcome:
    """Simulate one week from a cold start: battery half full, nothing learned."""
    plant, alone = Plant(), Plant(draws_w=())
    control = Controller(decider, readings)
    for minute in range(MINUTES):
        plant.step(week.sun_w[minute], week.house_w[minute])
        alone.step(week.sun_w[minute], week.house_w[minute])
        control.cycle(plant, week.at(minute + 1))
    decider.close()
    possible = possible_wh(
        week, start_soc=0.5, end_soc=plant.soc, floor_soc=preferences.soc_minimum_pct / 100.0
    )
    return Outcome(
        week=week.name,
        hashing_kwh=sum(miner.hashing_wh for miner in plant.miners) / 1_000.0,
        possible_kwh=possible / 1_000.0,
        switches_a_day=sum(miner.switches for miner in plant.miners) / DAYS,
        lowest_soc_pct=plant.lowest_soc * 100.0,
        lowest_soc_without_pct=alone.lowest_soc * 100.0,
        unserved_kwh=plant.unserved_wh / 1_000.0,
        unserved_without_kwh=alone.unserved_wh / 1_000.0,
        curtailed_kwh=plant.curtailed_wh / 1_000.0,
    )


class Controller:
    """Reads the plant, with the given delay and resolution, and carries decisions out."""

    def __init__(self, decider: Decider, readings: str) -> None:
        """``readings`` is one of ``READINGS``."""
        self.decider = decider
        self.late_min = LATE_MIN if "late" in readings else 0
        self.coarse = "quantised" in readings
        self.seen: deque[tuple[float, float, float, float, tuple[float, ...]]] = deque(
            maxlen=self.late_min + 1
        )

    def cycle(self, plant: Plant, at: datetime) -> None:
        """Read, decide, switch."""
        powers = tuple(miner.power_w for miner in plant.miners)
        self.seen.append((plant.voltage_v, plant.current_a, plant.pv_w, plant.load_w, powers))
        voltage_v, current_a, pv_w, load_w, then = self.seen[0]
        if self.coarse:
            voltage_v, current_a = round(voltage_v, 1), round(current_a, 1)
            pv_w, load_w = round(pv_w, -1), round(load_w, -1)
        read = Read(
            at=at,
            age_s=60.0 * (len(self.seen) - 1),
            voltage_v=voltage_v,
            current_a=current_a,
            pv_w=pv_w,
            load_w=load_w,
            are_on=[miner.is_on for miner in plant.miners],
            powers_w=powers,
            powers_then_w=then,
        )
        for miner, command in zip(plant.miners, self.decider.decide(read), strict=True):
            if command in {Command.START, Command.STOP}:
                miner.switch(on=command is Command.START)


def summary(outcomes: Sequence[Outcome]) -> dict[str, float | None]:
    """The figures over all weeks."""
    possible = sum(week.possible_kwh for week in outcomes)
    hashing = sum(week.hashing_kwh for week in outcomes)
    below = [week.lowest_soc_without_pct - week.lowest_soc_pct for week in outcomes]
    switches = [week.switches_a_day for week in outcomes]
    return {
        "hashing_pct": round(100.0 * hashing / possible, 1) if possible > 0.0 else None,
        "hashing_pct_worst_week": round(min(week.hashing_pct for week in outcomes), 1),
        "switches_a_day_median": round(statistics.median(switches), 1),
        "switches_a_day_worst": round(max(switches), 1),
        "lowest_soc_pct": round(min(week.lowest_soc_pct for week in outcomes), 1),
        "soc_below_without_miners_median": round(statistics.median(below), 1),
        "unserved_kwh": round(sum(week.unserved_kwh for week in outcomes), 1),
        "unserved_without_miners_kwh": round(sum(e.unserved_without_kwh for e in outcomes), 1),
        "curtailed_kwh": round(sum(week.curtailed_kwh for week in outcomes), 1),
    }


def main(arguments: list[str] | None = None) -> int:
    """Run the weeks; returns the exit code."""
    given = _parser().parse_args(arguments)
    changes = dict(word.split("=", 1) for word in given.set)
    numbers = {name: float(value) for name, value in changes.items()}
    preferences = from_json(Preferences, {**object_json(OWNER), **numbers})
    problems = preference_violations(preferences)
    if problems:
        print("; ".join(rule for _, rule in problems), file=sys.stderr)
        return 2
    miners, sky, started = miners_of(MinerMode(given.mode)), sky_model(), time.perf_counter()

    def decider() -> Decider:
        if given.follow:
            return PipeDecider(preferences, miners)
        return CoreDecider(preferences, miners, sky)

    outcomes = [
        live(week_of(day, given.seed), preferences, decider(), given.readings)
        for day in DAYS_OF_YEAR[: given.weeks]
    ]
    figures = summary(outcomes) | {"took_s": round(time.perf_counter() - started, 1)}
    if given.json:
        print(json.dumps(figures))
        return 0
    for week in outcomes:
        print(
            f"{week.week:8} {week.hashing_pct:5.1f} % of {week.possible_kwh:5.0f} kWh"
            f"  {week.switches_a_day:5.1f} switches a day"
            f"  lowest {week.lowest_soc_pct:4.1f} % ({week.lowest_soc_without_pct:4.1f} % without)"
            f"  unserved {week.unserved_kwh:4.1f} kWh ({week.unserved_without_kwh:4.1f})"
            f"  throttled {week.curtailed_kwh:5.1f} kWh"
        )
    for name, value in figures.items():
        print(f"{name.replace('_', ' '):35} {value}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Live through off-grid weeks.")
    parser.add_argument("--mode", choices=[mode.value for mode in MinerMode], default="balanced")
    parser.add_argument("--readings", choices=READINGS, default="fresh")
    parser.add_argument("--follow", action="store_true", help="through allocate --follow")
    parser.add_argument("--weeks", type=int, default=len(DAYS_OF_YEAR))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--set", action="append", default=[], help="a preference: name=value")
    parser.add_argument("--json", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(main())
