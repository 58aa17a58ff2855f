"""A plant model independent of the simulator's: off-grid, with its own formulas.

12 kWp, 30 kWh LiFePO4 with a flat curve and a slow polarisation, four miners that boot for two to
eight minutes, a house with kettles and washing days, and weather by season. Minute by minute; sun
and house are drawn by the seed, so that every controller meets the same week.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

LATITUDE, LONGITUDE = 47.0, 8.0
PEAK_W, TILT_DEG = 12_000.0, 35.0
CAPACITY_WH, NOMINAL_V = 30_000.0, 51.2
CURVE = (
    (48.0, 0.0),
    (50.6, 10.0),
    (51.8, 20.0),
    (52.5, 40.0),
    (53.0, 60.0),
    (53.5, 80.0),
    (54.1, 95.0),
    (55.2, 100.0),
)
"""Open-circuit voltage V by state of charge %; the owner has calibrated the product with it."""

OHMIC_OHM, SLOW_OHM, SLOW_S = 0.008, 0.003, 600.0
FULL_OHM = 0.060
ABSORPTION_V, FLOAT_V = 56.4, 54.8
TAIL_A, CUTOFF_PCT, RECONNECT_PCT = 20.0, 4.0, 12.0
OWN_USE_W, EFFICIENCY = 60.0, 0.95
LOADS_W = (3_300.0, 2_400.0, 1_400.0, 900.0)
BOOT_S, BOOT_W = (120.0, 480.0), 90.0
MINUTE_S, DAYS = 60.0, 7
MINUTES = DAYS * 1_440
_KINDS = ("clear", "broken", "overcast", "dark")


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """Sun and house of one week, minute by minute, W; ``start`` is a local midnight."""

    name: str
    start: datetime
    sun_w: tuple[float, ...]
    house_w: tuple[float, ...]

    def at(self, minute: int) -> datetime:
        """The instant at which a minute begins."""
        return self.start + timedelta(minutes=minute)


def week_of(day_of_year: int, seed: int) -> Week:
    """The week that begins on a day of the year, with the weather that the seed draws."""
    # Midnight of local mean time: half an hour before midnight UTC.
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(
        days=day_of_year - 1, hours=-LONGITUDE / 15
    )
    draw = random.Random(f"{seed}/{day_of_year}")  # noqa: S311 - weather, not secrets
    winter = 0.5 + 0.5 * math.cos(2.0 * math.pi * (day_of_year - 10) / 365.0)
    through: list[float] = []
    for _ in range(DAYS):
        weights = (
            45.0 - 25.0 * winter,
            32.0 - 10.0 * winter,
            17.0 + 20.0 * winter,
            4.0 + 14.0 * winter,
        )
        through += _clouds(draw, draw.choices(_KINDS, weights)[0])
    sun = tuple(
        share * clear_sky_w(start + timedelta(minutes=minute))
        for minute, share in enumerate(through)
    )
    return Week(name=f"day {day_of_year}", start=start, sun_w=sun, house_w=_house(draw, winter))


def clear_sky_w(at: datetime) -> float:
    """Array power under a clear sky, W: declination, hour angle and a simple air mass."""
    day = at.timetuple().tm_yday
    declination = math.radians(-23.45) * math.cos(2.0 * math.pi * (day + 10) / 365.0)
    solar_hour = at.hour + at.minute / 60.0 + LONGITUDE / 15.0
    hour_angle = math.radians(15.0 * (solar_hour - 12.0))
    latitude, tilt = math.radians(LATITUDE), math.radians(TILT_DEG)
    up = math.sin(latitude) * math.sin(declination)
    up += math.cos(latitude) * math.cos(declination) * math.cos(hour_angle)
    if up <= 0.02:
        return 0.0
    onto = math.sin(latitude - tilt) * math.sin(declination)
    onto += math.cos(latitude - tilt) * math.cos(declination) * math.cos(hour_angle)
    beam: float = 1_361.0 * math.pow(0.7, math.pow(up, -0.678))
    plane = beam * max(0.0, onto) + 0.11 * beam * (1.0 + math.cos(tilt)) / 2.0
    return PEAK_W * plane / 1_000.0 * 0.87


def _clouds(draw: random.Random, kind: str) -> list[float]:
    """Share of the clear sky's power over one day, per minute."""
    if kind == "broken":
        return _broken(draw)
    mean = {"clear": 0.98, "overcast": draw.uniform(0.2, 0.4), "dark": draw.uniform(0.05, 0.12)}[
        kind
    ]
    value, shares = mean, []
    for _ in range(1_440):
        value += 0.02 * (mean - value) + draw.gauss(0.0, 0.012 * mean)
        shares.append(min(1.02, max(0.03, value)))
    return shares


def _broken(draw: random.Random) -> list[float]:
    shares: list[float] = []
    shaded, cover = False, draw.uniform(0.25, 0.65)
    while len(shares) < 1_440:
        shaded = not shaded
        mean_min = 22.0 * (cover if shaded else 1.0 - cover)
        length = max(1, round(draw.expovariate(1.0 / mean_min)))
        level = draw.uniform(0.15, 0.5) if shaded else draw.uniform(0.93, 1.05)
        shares += [max(0.05, level + draw.gauss(0.0, 0.02)) for _ in range(length)]
    return shares[:1_440]


def _house(draw: random.Random, winter: float) -> tuple[float, ...]:
    """A base, an evening, kettles of three minutes and a washing day, W per minute."""
    watts: list[float] = []
    for day in range(DAYS):
        today = [260.0 + 80.0 * winter + draw.gauss(0.0, 15.0) for _ in range(1_440)]
        for minute in range(17 * 60, 23 * 60):
            today[minute] += 350.0 + 150.0 * winter
        for _ in range(draw.randint(4, 8)):
            begin = draw.randint(6 * 60, 22 * 60)
            for minute in range(begin, begin + 3):
                today[minute] += 2_000.0
        if day % 3 == 0:
            begin = draw.randint(9 * 60, 14 * 60)
            for minute in range(begin, begin + 50):
                today[minute] += 1_600.0 if minute - begin < 20 else 350.0
        watts += [max(120.0, value) for value in today]
    return tuple(watts)


@dataclass(slots=True, kw_only=True)
class Miner:
    """A relay with a miner behind it."""

    draw_w: float
    boots: random.Random
    is_on: bool = False
    boot_s: float = 0.0
    running_s: float = 0.0
    power_w: float = 0.0
    hashing_wh: float = 0.0
    switches: int = 0

    def switch(self, *, on: bool) -> None:
        """Close or open the relay."""
        if on is not self.is_on:
            self.switches += 1
            self.is_on, self.running_s = on, 0.0
            self.boot_s = self.boots.uniform(*BOOT_S)

    def step(self, *, powered: bool) -> float:
        """Live through a minute; returns the power drawn, W."""
        if not (self.is_on and powered):
            self.running_s = self.power_w = 0.0
            return 0.0
        self.running_s += MINUTE_S
        hashes = self.running_s > self.boot_s
        self.power_w = self.draw_w if hashes else BOOT_W
        if hashes:
            self.hashing_wh += self.draw_w * MINUTE_S / 3_600.0
        return self.power_w


@dataclass(slots=True, kw_only=True)
class Plant:
    """Battery, charger, inverter and miners; one call of ``step`` is a minute."""

    seed: int = 1
    soc: float = 0.5
    draws_w: Sequence[float] = LOADS_W
    voltage_v: float = 53.0
    current_a: float = 0.0
    pv_w: float = 0.0
    load_w: float = 0.0
    slow_v: float = 0.0
    output_on: bool = True
    floats: bool = False
    lowest_soc: float = 1.0
    unserved_wh: float = 0.0
    curtailed_wh: float = 0.0
    miners: list[Miner] = field(init=False)

    def __post_init__(self) -> None:
        """Every miner draws its own boot times."""
        self.miners = [
            Miner(draw_w=watts, boots=random.Random(f"{self.seed}/boot/{number}"))  # noqa: S311 - a model's boot times, no secret
            for number, watts in enumerate(self.draws_w)
        ]

    def step(self, sun_w: float, house_w: float) -> None:
        """Serve the loads for a minute from sun and battery; what neither takes is throttled."""
        hours = MINUTE_S / 3_600.0
        percent = self.soc * 100.0
        if percent <= CUTOFF_PCT:
            self.output_on = False
        elif percent >= RECONNECT_PCT:
            self.output_on = True
        miners_w = sum(miner.step(powered=self.output_on) for miner in self.miners)
        wanted_w = house_w + miners_w + OWN_USE_W if self.output_on else 0.0
        if not self.output_on:
            self.unserved_wh += house_w * hours
        self.load_w = house_w + miners_w if self.output_on else 0.0
        net_w = sun_w * 0.97 - wanted_w
        current = net_w / self.voltage_v * (1.0 if net_w >= 0.0 else 1.0 / EFFICIENCY)
        current = min(current, self._charge_limit_a())
        used_w = current * self.voltage_v + wanted_w if net_w > 0.0 else sun_w * 0.97
        self.pv_w = min(sun_w, used_w / 0.97)
        self.curtailed_wh += (sun_w - self.pv_w) * hours
        self._charge(current, hours)

    def _charge_limit_a(self) -> float:
        """What the charger lets through at its set point."""
        target_v = FLOAT_V if self.floats else ABSORPTION_V
        limit = (target_v - self._open_v() - self.slow_v) / self._charge_ohm()
        return max(0.0, min(250.0, limit))

    def _charge_ohm(self) -> float:
        above = max(0.0, (self.soc - 0.94) / 0.06)
        return OHMIC_OHM + FULL_OHM * above * above

    def _charge(self, current: float, hours: float) -> None:
        stored = current * (0.99 if current > 0.0 else 1.0) * hours * NOMINAL_V / CAPACITY_WH
        self.soc = min(1.0, max(0.0, self.soc + stored))
        self.slow_v += (current * SLOW_OHM - self.slow_v) * (1.0 - math.exp(-MINUTE_S / SLOW_S))
        resistance = self._charge_ohm() if current > 0.0 else OHMIC_OHM
        self.current_a = current
        self.voltage_v = self._open_v() + self.slow_v + current * resistance
        if self.soc >= 0.985 and 0.0 <= current <= TAIL_A:
            self.floats = True
        elif self.soc < 0.9:
            self.floats = False
        self.lowest_soc = min(self.lowest_soc, self.soc)

    def _open_v(self) -> float:
        percent = self.soc * 100.0
        index = min(
            len(CURVE) - 1, max(1, bisect_right(CURVE, percent, key=lambda point: point[1]))
        )
        (low_v, low), (high_v, high) = CURVE[index - 1], CURVE[index]
        return low_v + (high_v - low_v) * (percent - low) / (high - low)


def possible_wh(week: Week, *, start_soc: float, end_soc: float, floor_soc: float) -> float:
    """The most energy that miners of any size and without boots could have taken, Wh.

    Someone who knows the whole week serves the house first, never goes below ``floor_soc`` and
    ends with as much in the battery as the controller did. Spending early is best: it makes room
    for sun that would be throttled, and it loses nothing.
    """
    hours, most_w = MINUTE_S / 3_600.0, sum(LOADS_W)
    needs = [0.0] * (MINUTES + 1)
    needs[MINUTES] = end_soc * CAPACITY_WH
    net = [
        sun_w * 0.97 - house_w - OWN_USE_W
        for sun_w, house_w in zip(week.sun_w, week.house_w, strict=True)
    ]
    for minute in range(MINUTES - 1, -1, -1):
        gain_w = net[minute] * (0.99 if net[minute] > 0.0 else 1.0 / EFFICIENCY)
        needs[minute] = max(floor_soc * CAPACITY_WH, needs[minute + 1] - gain_w * hours)
    stored, given = start_soc * CAPACITY_WH, 0.0
    for minute, net_w in enumerate(net):
        spare_w = (stored - needs[minute + 1]) / hours
        spare_w *= EFFICIENCY if spare_w > 0.0 else 1.0 / 0.99
        miners_w = min(most_w, max(0.0, spare_w + net_w))
        rest_w = net_w - miners_w
        stored += rest_w * hours * (0.99 if rest_w > 0.0 else 1.0 / EFFICIENCY)
        stored = min(CAPACITY_WH, stored)
        given += miners_w * hours
    return given
