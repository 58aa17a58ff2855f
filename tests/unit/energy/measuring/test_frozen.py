"""Frozen sources, and powers of two sources that no longer agree, as series over time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from energy.measuring.measured import Measured, measure
from energy.measuring.quantity import Quality
from energy.site.miners import MeasuringMemory
from energy.site.preferences import Preferences
from energy.site.snapshot import Reading, Snapshot

START = datetime(2026, 6, 21, 17, 0, tzinfo=UTC)
VRM, SOLARK = "Victron VRM", "SolArk cloud"
INTERVAL_S = {VRM: 180.0, SOLARK: 120.0}
Values = dict[str, float]

METRICS = {
    VRM: ("battery_voltage_v", "battery_current_a", "battery_power_w"),
    SOLARK: ("inverter_voltage_v", "pv_power_w", "load_power_w", "grid_power_w"),
}


def frozen(measured: Measured) -> set[str | None]:
    """Sources of which a quantity is not believed because they are frozen."""
    quantities = (measured.voltage, measured.current, measured.battery_power, measured.load)
    found = {each.source for each in quantities if each.quality is Quality.FROZEN}
    everywhere = measured.voltage.reason if None in found else ""
    return (found - {None}) | {name for name in (VRM, SOLARK) if f"{name} is frozen" in everywhere}


@dataclass(slots=True)
class Clouds:
    """Both clouds polled over time: new stamps always, the values as ``truth`` gives them.

    ``runs`` is (value, since when it stands) by metric.
    """

    truth: Callable[[float], Values]
    memory: MeasuringMemory = field(default_factory=MeasuringMemory)
    runs: dict[str, tuple[float, float]] = field(default_factory=dict)
    passed_s: float = 0.0

    def at(self, second: float) -> Measured:
        """What is measured ``second`` s after the start; every poll until then has happened."""
        readings: dict[str, Any] = {}
        for source, names in METRICS.items():
            stamp_s = second - second % INTERVAL_S[source]
            values = self.truth(stamp_s)
            known = {name: values[name] for name in names if name in values}
            readings |= {
                name: self._reading(source, name, value, stamp_s, second)
                for name, value in known.items()
            }
        snapshot = Snapshot(at=START + timedelta(seconds=second), **readings)
        measured = measure(snapshot, Preferences(), memory=self.memory)
        self.memory = measured.memory
        return measured

    def until(self, second: float) -> Measured:
        """Every minute's measurement up to ``second``; the last one."""
        while self.passed_s < second:
            self.at(self.passed_s)
            self.passed_s += 60.0
        return self.at(second)

    def _reading(
        self, source: str, name: str, value: float, stamp_s: float, second: float
    ) -> Reading:
        before = self.runs.get(name)
        since_s = stamp_s if before is None or before[0] != value else before[1]
        self.runs[name] = (value, since_s)
        return Reading(
            value=value, age_s=second - stamp_s, unchanged_s=stamp_s - since_s, source=source
        )


def noise(second: float) -> float:
    """A few watts that are never twice the same within the hour."""
    return (second * 7.31) % 97.0


def sunny(second: float) -> Values:
    """Ten kilowatts of sun into a battery that rises; everything moves but for the grid's zero."""
    charged_w = 9_104.0 - 1_724.0
    return {
        "battery_voltage_v": round(53.0 + second / 7_200.0, 2),
        "battery_current_a": round((charged_w + noise(second)) / 54.0, 1),
        "battery_power_w": charged_w + noise(second),
        "inverter_voltage_v": round(53.0 + second / 7_200.0, 1),
        "pv_power_w": 9_104.0 + noise(second),
        "load_power_w": 1_724.0 + noise(second + 11.0),
        "grid_power_w": 0.0,
    }


def standing(names: tuple[str, ...], values: Values, *, from_s: float) -> Callable[[float], Values]:
    """The sunny site, where ``names`` stand at ``values`` from ``from_s`` on."""

    def truth(second: float) -> Values:
        now = sunny(second)
        return now if second < from_s else now | {name: values[name] for name in names}

    return truth


REAL = {
    "battery_voltage_v": 54.61,
    "battery_current_a": 135.1,
    "battery_power_w": 7_378.0,
    "inverter_voltage_v": 54.61,
    "pv_power_w": 9_104.0,
    "load_power_w": 1_724.0,
    "grid_power_w": 0.0,
}
"""Both clouds told this for 80 minutes with moving stamps while the battery went down to 0 %."""


def test_both_clouds_that_repeat_themselves_are_telemetry_lost_within_15_min() -> None:
    clouds = Clouds(standing((*METRICS[VRM], *METRICS[SOLARK]), REAL, from_s=600.0))
    before = clouds.until(600.0 + 540.0)
    assert (before.lost, before.raw_voltage_v) == (False, 54.61)
    after = clouds.until(600.0 + 900.0)
    assert (after.lost, after.stale, after.raw_voltage_v) == (True, True, None)
    assert frozen(after) == {VRM, SOLARK}
    assert after.voltage.quality is Quality.FROZEN
    assert after.voltage.reason == (
        "Victron VRM is frozen, all that it measures has stood still for 12 min: its 54.61 V"
        " counts as missing. SolArk cloud is frozen, all that it measures has stood still for"
        " 14 min: its 54.61 V counts as missing."
    )
    assert (after.pv_w, after.load_w, after.current_a) == (None, None, None)


def test_a_frozen_monitor_gives_way_to_the_inverter() -> None:
    clouds = Clouds(standing(METRICS[VRM], REAL, from_s=600.0))
    after = clouds.until(600.0 + 900.0)
    assert (after.lost, after.stale, after.voltage.source) == (False, False, SOLARK)
    assert (after.current.quality, after.pv_w is None) == (Quality.FROZEN, False)


def test_a_frozen_inverter_leaves_the_voltage_and_hides_sun_and_load() -> None:
    clouds = Clouds(standing(METRICS[SOLARK], REAL, from_s=600.0))
    after = clouds.until(600.0 + 900.0)
    assert (after.stale, after.voltage.source) == (False, VRM)
    assert (after.pv.quality, after.load.quality) == (Quality.FROZEN, Quality.FROZEN)


def test_one_voltage_held_by_the_charger_for_61_min_is_no_fault() -> None:
    """Ten kilowatts of sun, 55.0 V held: its current moves, and that is what counts."""
    names = ("battery_voltage_v", "inverter_voltage_v")
    held = {"battery_voltage_v": 55.0, "inverter_voltage_v": 55.0}
    for second in (3_660.0, 4 * 3_600.0):
        measured = Clouds(standing(names, held, from_s=0.0)).until(second)
        assert (measured.raw_voltage_v, measured.stale, frozen(measured)) == (55.0, False, set())


def test_a_coarse_sensor_on_the_plateau_alone_is_no_fault() -> None:
    """No monitor at all: the inverter's 0.1 V steps stand for hours, its powers move."""

    def truth(second: float) -> Values:
        return {"inverter_voltage_v": 52.8} | {
            name: value
            for name, value in sunny(second).items()
            if name in {"pv_power_w", "load_power_w", "grid_power_w"}
        }

    measured = Clouds(truth).until(2 * 3_600.0)
    assert (measured.raw_voltage_v, measured.stale) == (52.8, False)


def test_at_night_the_sun_stands_at_zero_and_the_load_moves() -> None:
    def truth(second: float) -> Values:
        return sunny(second) | {"pv_power_w": 0.0, "load_power_w": 400.0 + noise(second)}

    measured = Clouds(truth).until(3_600.0)
    assert (measured.pv_w, frozen(measured)) == (0.0, set())


def test_zeros_alone_prove_nothing() -> None:
    def truth(_: float) -> Values:
        return {"battery_voltage_v": 53.2, "battery_current_a": 0.0, "battery_power_w": 0.0}

    assert Clouds(truth).until(3_600.0).raw_voltage_v == 53.2


@pytest.mark.parametrize(
    ("current", "load", "expected"),
    [
        pytest.param((-41.0, 3_878.0), (2_150.0, 3_878.0), {VRM, SOLARK}, id="neither moves"),
        pytest.param((-41.0, 0.0), (2_150.0, 3_878.0), {SOLARK}, id="the current moves"),
        pytest.param((-41.0, 999.0), (2_150.0, 999.0), set(), id="too small a switch"),
        pytest.param((0.0, 3_878.0), (2_150.0, 0.0), set(), id="the grid carries it"),
    ],
)
def test_a_switch_that_nothing_shows_freezes_at_once(
    current: tuple[float, float], load: tuple[float, float], expected: set[str]
) -> None:
    """(value, by how much our own loads changed while it stood)."""
    snapshot = Snapshot(
        at=START,
        battery_voltage_v=Reading(value=52.3, source=VRM),
        battery_current_a=Reading(
            value=current[0], unchanged_s=180.0, stood_through_w=current[1], source=VRM
        ),
        pv_power_w=Reading(value=4_000.0, source=SOLARK),
        load_power_w=Reading(
            value=load[0], unchanged_s=120.0, stood_through_w=load[1], source=SOLARK
        ),
    )
    measured = measure(snapshot, Preferences())
    assert frozen(measured) == expected
    if expected == {VRM, SOLARK}:
        assert "our own loads changed by 3 878 W and it showed nothing of it" in (
            measured.current.reason
        )


def test_a_source_that_slept_through_a_switch_stays_frozen_until_it_moves() -> None:
    """The heater goes off again, because the sun is not known: that proves nothing."""
    memory = MeasuringMemory()
    seen = []
    for minute, load_w, stood_s, stood_w in (
        (0, 1_850.0, 60.0, 0.0),
        (1, 1_850.0, 120.0, 1_500.0),
        (2, 1_850.0, 180.0, 0.0),
        (3, 1_850.0, 240.0, 0.0),
        (4, 1_851.0, 0.0, 0.0),
        (5, 1_851.0, 60.0, 0.0),
    ):
        load = Reading(value=load_w, unchanged_s=stood_s, stood_through_w=stood_w, source=SOLARK)
        snapshot = Snapshot(at=START + timedelta(minutes=minute), load_power_w=load)
        measured = measure(snapshot, Preferences(), memory=memory)
        memory = measured.memory
        seen.append(SOLARK in frozen(measured))
    assert seen == [False, True, True, True, False, False]


def test_one_value_that_follows_a_switch_clears_its_source() -> None:
    """The battery's power may come late; its current has shown the switch."""
    snapshot = Snapshot(
        at=START,
        battery_current_a=Reading(value=-41.0, source=VRM),
        battery_power_w=Reading(
            value=-2_150.0, unchanged_s=180.0, stood_through_w=3_878.0, source=VRM
        ),
    )
    assert frozen(measure(snapshot, Preferences())) == set()


@pytest.mark.parametrize(
    ("monitor", "inverter", "moving", "expected"),
    [
        pytest.param((52.3, 3_599.0), None, True, Quality.GOOD, id="not long enough"),
        pytest.param((52.3, 3_600.0), None, True, Quality.FROZEN, id="for an hour"),
        pytest.param((52.3, 3_600.0), None, False, Quality.GOOD, id="nothing else moves"),
        pytest.param((52.3, 3_600.0), (52.8, 0.0), True, Quality.GOOD, id="confirmed"),
        pytest.param((52.3, 3_600.0), (52.81, 0.0), True, Quality.FROZEN, id="contradicted"),
        pytest.param((52.3, 3_600.0), (52.3, 901.0), True, Quality.FROZEN, id="by an old one"),
    ],
)
def test_a_source_that_tells_a_voltage_alone(
    monitor: tuple[float, float],
    inverter: tuple[float, float] | None,
    *,
    moving: bool,
    expected: Quality,
) -> None:
    """(voltage, seconds that it has stood) of the monitor; (voltage, age) of the inverter."""
    sun = Reading(value=4_000.0, unchanged_s=0.0 if moving else 950.0, source=SOLARK)
    snapshot = Snapshot(
        at=START,
        battery_voltage_v=Reading(value=monitor[0], unchanged_s=monitor[1], source="BMV"),
        inverter_voltage_v=None
        if inverter is None
        else Reading(value=inverter[0], age_s=inverter[1], source="other"),
        pv_power_w=sun,
    )
    measured = measure(snapshot, Preferences())
    chosen = measured.voltage if inverter is None else None
    if chosen is not None:
        assert chosen.quality is expected
    else:
        told_by = "BMV" if expected is Quality.GOOD else "other"
        assert measured.voltage.source == told_by


def drained(from_s: float) -> Callable[[float], Values]:
    """From ``from_s`` on the battery gives 4 kW, and the inverter's moving values know nothing."""

    def truth(second: float) -> Values:
        now = sunny(second)
        if second >= from_s:
            now |= {"battery_power_w": -4_000.0 - noise(second), "battery_current_a": -75.0}
        return now

    return truth


def test_a_balance_that_stops_closing_makes_sun_and_load_suspect() -> None:
    clouds = Clouds(drained(600.0))
    assert clouds.until(720.0 + 14 * 60.0).pv_w is not None
    measured = clouds.until(720.0 + 16 * 60.0)
    assert (measured.pv.quality, measured.load.quality) == (Quality.SUSPECT, Quality.SUSPECT)
    assert measured.load.reason.startswith(
        "The load is suspect and counts as missing: by SolArk cloud 7 "
    )
    assert measured.raw_voltage_v is not None


def test_a_balance_that_never_closed_says_nothing() -> None:
    """Something there is not metered by either source."""
    assert Clouds(drained(0.0)).until(3_600.0).pv_w is not None


def test_a_balance_open_for_a_day_says_nothing_any_more() -> None:
    clouds = Clouds(drained(600.0))
    clouds.until(1_800.0)
    assert clouds.at(600.0 + 86_400.0).pv_w is None
    assert clouds.at(840.0 + 86_400.0).pv_w is not None


def test_a_battery_that_gets_more_than_it_should_has_a_generator() -> None:
    def truth(second: float) -> Values:
        return sunny(second) | {"battery_power_w": 12_000.0 + noise(second)}

    clouds = Clouds(sunny)
    clouds.until(600.0)
    clouds.truth = truth
    assert clouds.until(3_600.0).load_w is not None


def test_a_balance_that_closes_again_is_forgotten() -> None:
    clouds = Clouds(drained(600.0))
    clouds.until(900.0)
    clouds.truth = sunny
    assert clouds.until(3_600.0).memory.balance_open_since is None
