"""What is true of the site: which voltage is in force, what may be used, and what is said of it."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from energy.measuring.base_load import LEARNED, controlled_w
from energy.measuring.measured import Measured, measure
from energy.measuring.quantity import MISSING, Quality, Quantity
from energy.measuring.waiting import awaiting_readings
from energy.site.loads import LoadKind, OtherLoad
from energy.site.miners import (
    ControlMemory,
    Learned,
    MeasuringMemory,
    MinerMemory,
    MinerProfile,
    MinerState,
)
from energy.site.preferences import Preferences
from energy.site.snapshot import Link, Reading, Snapshot

AT = datetime(2026, 6, 21, 19, 0, tzinfo=UTC)
VRM, SOLARK = "Victron VRM", "SolArk cloud"


def vrm(value: float, **more: Any) -> Reading:
    return Reading(value=value, source=VRM, **more)


def solark(value: float, **more: Any) -> Reading:
    return Reading(value=value, source=SOLARK, **more)


def picture(**changes: Any) -> Snapshot:
    """The reference site at noon, both clouds fresh and in balance."""
    fresh = Snapshot(
        at=AT,
        battery_voltage_v=vrm(52.3, age_s=60.0),
        inverter_voltage_v=solark(52.2, age_s=30.0),
        battery_current_a=vrm(120.0, age_s=60.0),
        battery_power_w=vrm(6_276.0, age_s=60.0),
        battery_temperature_c=vrm(20.0, age_s=60.0),
        pv_power_w=solark(8_450.0, age_s=30.0),
        load_power_w=solark(1_850.0, age_s=30.0),
        grid_power_w=solark(0.0, age_s=30.0),
    )
    return replace(fresh, **changes)


def seen(memory: MeasuringMemory | None = None, **changes: Any) -> Measured:
    return measure(picture(**changes), Preferences(), memory=memory or MeasuringMemory())


def good(value: float, age_s: float, source: str, reason: str = "") -> Quantity:
    """By a cloud, which is stale after ten minutes."""
    return Quantity(value, age_s, source, Quality.GOOD, reason, 600.0)


def test_a_fresh_site() -> None:
    measured = seen()
    assert measured.voltage == good(52.3, 60.0, VRM)
    assert measured.rest_voltage == good(52.3 - 1.2, 60.0, "computed")
    assert measured.soc_pct == pytest.approx(51.0)
    assert measured.base_load == good(1_850.0, 30.0, "computed")
    assert (measured.current_a, measured.battery_w, measured.pv_w) == (120.0, 6_276.0, 8_450.0)
    assert (measured.load_w, measured.grid_w, measured.base_load_w) == (1_850.0, 0.0, 1_850.0)
    assert (measured.low_voltage_v, measured.voltage_source) == (52.3 - 1.2, VRM)
    assert (measured.stale, measured.lost, measured.waiting, measured.notes) == (
        False,
        False,
        False,
        (),
    )


def test_an_old_monitor_gives_way_to_a_fresh_inverter() -> None:
    """The case for which allocator, alerts, home and chat once gave different values."""
    measured = seen(
        battery_voltage_v=vrm(52.0, age_s=2_400.0),
        inverter_voltage_v=solark(44.2, age_s=30.0),
        battery_current_a=vrm(-20.0, age_s=2_400.0),
    )
    note = "The battery monitor's voltage is 40 min old; the inverter's stands in."
    assert measured.voltage == good(44.2, 30.0, SOLARK, note)
    assert (measured.raw_voltage_v, measured.rest_voltage_v) == (44.2, 44.2)
    assert (measured.soc_pct, measured.stale, measured.lost) == (0.0, False, False)
    assert note in measured.notes
    assert measured.current == Quantity(
        -20.0,
        2_400.0,
        VRM,
        Quality.STALE,
        "The battery current is 2 400 s old and counts as missing.",
        600.0,
    )
    assert measured.current_a is None


@pytest.mark.parametrize(
    ("changes", "quality", "reason"),
    [
        pytest.param(
            {"battery_voltage_v": None, "inverter_voltage_v": None},
            Quality.MISSING,
            "There is no battery voltage at all.",
            id="none",
        ),
        pytest.param(
            {"battery_voltage_v": vrm(math.nan), "inverter_voltage_v": None},
            Quality.IMPLAUSIBLE,
            "A battery voltage that is no number counts as missing.",
            id="no number",
        ),
        pytest.param(
            {"battery_voltage_v": vrm(0.0), "inverter_voltage_v": solark(1e308)},
            Quality.IMPLAUSIBLE,
            "A battery voltage of 0.00 V is implausible and counts as missing.",
            id="zero",
        ),
        pytest.param(
            {
                "battery_voltage_v": vrm(52.3, age_s=700.0, suspicion="it jumped by 8 V"),
                "inverter_voltage_v": None,
            },
            Quality.SUSPECT,
            "The battery voltage of Victron VRM is suspect: it jumped by 8 V.",
            id="only suspect for long",
        ),
    ],
)
def test_no_voltage_to_be_believed(changes: dict[str, Any], quality: Quality, reason: str) -> None:
    measured = seen(**changes)
    assert (measured.voltage.value, measured.voltage.quality) == (None, quality)
    assert measured.voltage.reason.startswith(reason)
    assert (measured.rest_voltage_v, measured.soc_pct, measured.low_voltage_v) == (None, None, None)
    assert (measured.voltage_source, measured.voltage_age_s) == (None, None)
    assert measured.stale is True
    assert measured.lost is (quality is Quality.MISSING)


def test_a_suspicion_of_a_newer_value_leaves_the_last_good_one_until_it_is_stale() -> None:
    doubtful = seen(battery_voltage_v=vrm(52.3, age_s=200.0, suspicion="it jumped by 8 V"))
    assert doubtful.voltage == good(52.3, 200.0, VRM)
    load = solark(1_850.0, age_s=601.0, suspicion="sources and sinks differ by 4 000 W")
    measured = seen(load_power_w=load)
    assert measured.load == Quantity(
        None,
        601.0,
        SOLARK,
        Quality.SUSPECT,
        "The load is suspect and counts as missing: sources and sinks differ by 4 000 W.",
        600.0,
    )


@pytest.mark.parametrize(
    ("changes", "pv", "load"),
    [
        pytest.param({"pv_power_w": solark(-50.0)}, 0.0, 1_850.0, id="noise"),
        pytest.param({"pv_power_w": solark(-51.0)}, Quality.IMPLAUSIBLE, 1_850.0, id="negative PV"),
        pytest.param({"load_power_w": solark(-3.0)}, 8_450.0, 0.0, id="noise of the load"),
        pytest.param({"load_power_w": solark(-51.0)}, 8_450.0, Quality.SUSPECT, id="negative load"),
        pytest.param({"pv_power_w": None}, Quality.MISSING, 1_850.0, id="no PV"),
        pytest.param({"pv_power_w": solark(math.inf)}, Quality.IMPLAUSIBLE, 1_850.0, id="infinite"),
        pytest.param(
            {"load_power_w": solark(1_850.0, age_s=61.0, link=Link.LOCAL)},
            8_450.0,
            Quality.STALE,
            id="a local load is old sooner",
        ),
    ],
)
def test_powers(changes: dict[str, Any], pv: float | Quality, load: float | Quality) -> None:
    measured = seen(**changes)
    for quantity, expected in ((measured.pv, pv), (measured.load, load)):
        if isinstance(expected, Quality):
            assert (quantity.usable, quantity.quality) == (None, expected)
        else:
            assert (quantity.usable, quantity.quality) == (expected, Quality.GOOD)


def test_without_a_power_the_battery_gives_current_times_voltage() -> None:
    measured = seen(battery_power_w=None, battery_current_a=vrm(-100.0, age_s=60.0))
    assert measured.battery_power == good(-5_230.0, 60.0, VRM)
    assert seen(battery_power_w=None, battery_current_a=None).battery_power == MISSING


MINER = MinerProfile(id="m", name="M", power_draw_watts=3_000.0)


def heater(**changes: Any) -> OtherLoad:
    whole = OtherLoad(id="h", name="Heater", kind=LoadKind.HEATER, rated_w=1_500.0, is_on=True)
    return replace(whole, **changes)


@pytest.mark.parametrize(
    ("state", "other", "watts"),
    [
        pytest.param(MinerState(miner_id="m"), heater(is_on=False), 0.0, id="all off"),
        pytest.param(MinerState(miner_id="m", is_on=True), heater(is_on=False), 3_000.0, id="draw"),
        pytest.param(
            MinerState(miner_id="m", is_on=True, power_w=2_900.0),
            heater(),
            4_400.0,
            id="the heater's rating where it has no meter",
        ),
        pytest.param(
            MinerState(miner_id="m", is_on=True, power_w=2_900.0, power_in_load_w=100.0),
            heater(power_w=1_400.0),
            1_500.0,
            id="at the time of the load",
        ),
        pytest.param(
            MinerState(miner_id="m", power_in_load_w=2_950.0),
            heater(is_on=False, power_in_load_w=1_450.0),
            4_400.0,
            id="off since, and still in the load",
        ),
        pytest.param(
            MinerState(miner_id="m", is_on=None, power_w=2_900.0),
            heater(is_on=None, power_w=1_500.0),
            0.0,
            id="unknown: not lent to another",
        ),
        pytest.param(
            MinerState(miner_id="m", is_on=True, power_w=math.nan),
            heater(power_w=-5.0),
            3_000.0,
            id="broken meters",
        ),
        pytest.param(
            MinerState(miner_id="stranger", is_on=True, power_w=9.0), heater(), 1_500.0, id="stray"
        ),
    ],
)
def test_what_we_control_is_no_part_of_the_house(
    state: MinerState, other: OtherLoad, watts: float
) -> None:
    assert controlled_w((MINER,), (state,), (other,)) == watts
    load = picture(load_power_w=solark(5_000.0))
    assert measure(load, Preferences(), controlled_load_w=watts).base_load_w == 5_000.0 - watts


def test_a_base_load_that_cannot_be_measured() -> None:
    learned = Learned(mean_base_load_w=700.0)
    measured = measure(picture(load_power_w=None), Preferences(), learned=learned)
    assert measured.base_load == Quantity(
        700.0,
        None,
        LEARNED,
        Quality.STALE,
        "The load is unknown: the learned mean of 700 W stands in.",
    )
    assert seen(load_power_w=None).base_load.quality is Quality.MISSING


def waiting(minutes: float) -> ControlMemory:
    """The memory ``minutes`` after a start of the program."""
    began = AT - timedelta(minutes=minutes)
    return awaiting_readings(ControlMemory(), last_cycle_at=None, at=began)


@pytest.mark.parametrize(
    ("memory", "voltage", "expected"),
    [
        pytest.param(waiting(0), None, (True, False), id="the very first cycle"),
        pytest.param(waiting(4.9), None, (True, False), id="the clouds have not answered yet"),
        pytest.param(waiting(5), None, (False, True), id="five minutes are enough"),
        pytest.param(ControlMemory(), None, (False, True), id="a what-if waits for nothing"),
        pytest.param(waiting(0), vrm(52.3, age_s=9e4), (True, False), id="yesterday's, at a start"),
        pytest.param(waiting(5), vrm(52.3, age_s=9e4), (False, True), id="yesterday's, later on"),
        pytest.param(waiting(0), vrm(52.3, age_s=900.0), (False, False), id="stale is not lost"),
    ],
)
def test_waiting_for_the_first_readings(
    memory: ControlMemory, voltage: Reading | None, expected: tuple[bool, bool]
) -> None:
    measured = seen(memory, battery_voltage_v=voltage, inverter_voltage_v=None)
    assert (measured.waiting, measured.lost) == expected
    assert ("Waiting for the first readings: nothing starts." in measured.notes) is expected[0]
    assert measured.stale is True
    assert measured.memory.waiting_since == memory.waiting_since


def test_the_first_reading_ends_the_waiting() -> None:
    assert seen(waiting(1)).memory.waiting_since is None


@pytest.mark.parametrize(
    ("pause_s", "waits"),
    [pytest.param(600.0, False, id="it ran"), pytest.param(601.0, True, id="it was down")],
)
def test_after_a_pause_it_waits_again(pause_s: float, *, waits: bool) -> None:
    last = AT - timedelta(seconds=pause_s)
    memory = awaiting_readings(ControlMemory(), last_cycle_at=last, at=AT)
    assert memory.waiting_since == (AT if waits else None)


@pytest.mark.parametrize(
    ("pause_s", "kept"),
    [pytest.param(600, True, id="10 min"), pytest.param(601, False, id="longer")],
)
def test_no_start_voltage_counts_as_held_through_a_pause(pause_s: int, *, kept: bool) -> None:
    """After eight hours without power the first good reading would have started a miner at once."""
    began = AT - timedelta(hours=9)
    held = MinerMemory(start_since=began, stop_voltage_since=began)
    last = AT - timedelta(seconds=pause_s)
    memory = awaiting_readings(ControlMemory(miners=(("a", held),)), last_cycle_at=last, at=AT)
    assert dict(memory.miners)["a"] == replace(held, start_since=began if kept else None)
