"""Samples in, what is read out of them, rollups, poll health, retention."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from energy.site.snapshot import Link
from services.errors import Invalid
from services.telemetry.records import (
    BatterySample,
    EnergySample,
    Latest,
    LoadSample,
    Point,
    PollHealth,
    RollupRow,
    Sample,
    ZoneSample,
)
from tests.contract.conftest import NOON, Site


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def pv(site: Site, minutes: float, watts: float | None, **more: float) -> EnergySample:
    return EnergySample(device_id=site.inverter, at=at(minutes), pv_power_w=watts, **more)  # type: ignore[arg-type]  # powers only


def volts(site: Site, minutes: float, voltage_v: float | None) -> BatterySample:
    return BatterySample(device_id=site.pack, at=at(minutes), voltage_v=voltage_v)


async def latest(site: Site, until: datetime, metric: str) -> list[Latest]:
    found = await site.stores.telemetry.latest(site.system_id, until=until)
    return [each for each in found if each.metric == metric]


async def test_every_kind_comes_back_as_it_was_measured_and_duplicates_are_ignored(
    site: Site,
) -> None:
    store = site.stores.telemetry
    samples: list[Sample] = [
        EnergySample(
            device_id=site.inverter,
            at=at(0),
            pv_power_w=8450.0,
            load_power_w=1850.25,
            battery_power_w=-12.5,
            grid_power_w=0.0,
            battery_voltage_v=52.3,
            soc_pct=62.4,
            temperature_c=31.0,
            suspect={"load_power_w": "no load is shown, and the powers do not balance"},
        ),
        BatterySample(
            device_id=site.pack,
            at=at(1),
            voltage_v=52.31,
            current_a=-3.5,
            power_w=-183.0,
            soc_pct=62.0,
            temperature_c=21.5,
            state="discharging",
            suspect={"current_a": "1e+308 A cannot be"},
        ),
        LoadSample(
            device_id=site.miner_load,
            at=at(2),
            is_on=True,
            power_w=3878.0,
            energy_wh=12.0,
            temperature_c=40.0,
        ),
        ZoneSample(device_id=site.zone, at=at(3), temperature_c=-4.0),
    ]
    assert await store.append(samples) == 4
    assert await store.append([*samples, volts(site, 9, 52.0)]) == 1
    assert await store.append([]) == 0
    found = await store.energy_rows(site.system_id, start=at(0), end=at(9))
    assert list(found) == samples
    assert list(await store.energy_rows(site.other_system_id, start=at(0), end=at(9))) == []


async def test_a_duplicate_within_one_batch_counts_once(site: Site) -> None:
    assert await site.stores.telemetry.append([volts(site, 0, 52.0), volts(site, 0, 52.5)]) == 1


async def test_samples_of_any_time_are_taken_late_and_early(site: Site) -> None:
    store = site.stores.telemetry
    times = [at(0), at(-3 * 24 * 60), at(400 * 24 * 60), at(-1)]
    samples = [BatterySample(device_id=site.pack, at=when, voltage_v=52.0) for when in times]
    assert await store.append(samples) == 4
    found = await store.energy_rows(site.system_id, start=at(-9e5), end=at(9e5))
    assert [sample.at for sample in found] == sorted(times)


async def test_a_sample_of_an_unknown_device_is_refused_with_its_batch(site: Site) -> None:
    store = site.stores.telemetry
    stranger = BatterySample(device_id=UUID(int=999), at=at(0), voltage_v=52.0)
    with pytest.raises(Invalid) as refused:
        await store.append([volts(site, 0, 52.0), stranger])
    assert [path for path, _ in refused.value.problems] == ["device_id"]
    assert list(await store.energy_rows(site.system_id, start=at(-1), end=at(1))) == []


async def test_latest_is_the_newest_known_value_with_the_start_of_its_run(site: Site) -> None:
    store = site.stores.telemetry
    values = [(0, 52.0), (2, 52.1), (4, 52.0), (6, None), (8, 52.0), (10, None), (12, 53.0)]
    await store.append([volts(site, minutes, value) for minutes, value in values])
    expected = Latest(
        device_id=site.pack,
        metric="voltage_v",
        value=52.0,
        measured_at=at(8),
        unchanged_since=at(4),
        source="SolArk",
        link=Link.CLOUD,
    )
    assert await latest(site, at(11), "voltage_v") == [expected]
    assert [each.value for each in await latest(site, at(12), "voltage_v")] == [53.0]
    assert await latest(site, at(-1), "voltage_v") == []


@pytest.mark.parametrize("size", [pytest.param(n, id=f"batches of {n}") for n in (1, 2, 3, 7)])
async def test_latest_is_the_same_however_the_samples_came_in(site: Site, size: int) -> None:
    values = [(0, 52.0), (2, 52.1), (4, 52.0), (6, None), (8, 52.0), (10, None), (11, 52.0)]
    samples = [volts(site, minutes, value) for minutes, value in values]
    for start in range(0, len(samples), size):
        await site.stores.telemetry.append(samples[start : start + size])
    (found,) = await latest(site, at(12), "voltage_v")
    assert (found.value, found.measured_at) == (52.0, at(11))
    assert (found.unchanged_since, found.changed) == (at(4), True)


async def test_a_value_that_was_never_another_one_has_no_known_change(site: Site) -> None:
    for minutes in (0, 1, 2):
        await site.stores.telemetry.append([volts(site, minutes, 52.0)])
    (found,) = await latest(site, at(2), "voltage_v")
    assert (found.measured_at, found.unchanged_since, found.changed) == (at(2), at(0), False)


async def test_samples_that_come_late_leave_the_newest_value(site: Site) -> None:
    for minutes, value in ((0, 52.0), (8, 53.0), (4, 51.0), (8, 54.0)):
        await site.stores.telemetry.append([volts(site, minutes, value)])
    (found,) = await latest(site, at(9), "voltage_v")
    assert (found.value, found.measured_at) == (53.0, at(8))
    assert (found.unchanged_since, found.changed) == (at(8), True)


async def test_latest_forgets_after_a_day(site: Site) -> None:
    await site.stores.telemetry.append([volts(site, 0, 52.0)])
    assert len(await latest(site, at(24 * 60), "voltage_v")) == 1
    assert await latest(site, at(24 * 60 + 1), "voltage_v") == []


async def test_latest_of_switches_and_zones(site: Site) -> None:
    await site.stores.telemetry.append(
        [
            LoadSample(device_id=site.miner_load, at=at(0), is_on=True, power_w=0.0),
            LoadSample(device_id=site.miner_load, at=at(1), is_on=False, power_w=0.0),
            ZoneSample(device_id=site.zone, at=at(1), temperature_c=20.0),
        ]
    )
    (switch,) = await latest(site, at(2), "is_on")
    assert (switch.value, switch.unchanged_since, switch.source, switch.link) == (
        0.0,
        at(1),
        "Relays",
        Link.LOCAL,
    )
    (power,) = await latest(site, at(2), "power_w")
    assert (power.value, power.unchanged_since) == (0.0, at(0))
    (zone,) = await latest(site, at(2), "temperature_c")
    assert (zone.device_id, zone.source, zone.link) == (site.zone, "Heat Room", Link.CLOUD)


async def test_series_raw_and_in_buckets(site: Site) -> None:
    store = site.stores.telemetry
    await store.append(
        [pv(site, 0, 100.0), pv(site, 4, 300.0), pv(site, 5, 500.0), pv(site, 6, None)]
    )
    raw = await store.series(site.system_id, "pv_power_w", start=at(0), end=at(5), step_s=None)
    assert list(raw) == [Point(at=at(0), value=100.0), Point(at=at(4), value=300.0)]
    buckets = await store.series(
        site.system_id, "pv_power_w", start=at(0), end=at(12), step_s=300.0
    )
    assert list(buckets) == [
        Point(at=at(0), value=200.0),
        Point(at=at(5), value=500.0),
        Point(at=at(10), value=None),
    ]


async def test_series_sums_powers_of_devices_and_averages_the_rest(site: Site) -> None:
    store = site.stores.telemetry
    second = EnergySample(
        device_id=site.second_inverter, at=at(1), pv_power_w=1000.0, battery_voltage_v=54.0
    )
    await store.append([pv(site, 0, 100.0, battery_voltage_v=52.0), pv(site, 1, 300.0), second])

    async def first(metric: str, device_id: UUID | None = None) -> float | None:
        points = await store.series(
            site.system_id,
            metric,
            start=at(0),
            end=at(5),
            step_s=300.0,
            device_id=device_id,
        )
        return points[0].value

    assert await first("pv_power_w") == 1200.0
    assert await first("battery_voltage_v") == 53.0
    assert await first("pv_power_w", site.second_inverter) == 1000.0


async def test_a_bare_metric_is_the_banks_and_a_prefix_names_the_kind(site: Site) -> None:
    store = site.stores.telemetry
    await store.append(
        [
            BatterySample(device_id=site.pack, at=at(0), power_w=-500.0),
            LoadSample(device_id=site.miner_load, at=at(0), power_w=3878.0),
        ]
    )
    for metric, device_id, expected in (
        ("power_w", None, -500.0),
        ("load.power_w", None, 3878.0),
        ("power_w", site.miner_load, 3878.0),
    ):
        points = await store.series(
            site.system_id, metric, start=at(0), end=at(1), step_s=None, device_id=device_id
        )
        assert [point.value for point in points] == [expected]


@pytest.mark.parametrize(
    ("metric", "step_s"),
    [
        ("hats", 60.0),
        ("state", 60.0),
        ("device_id", None),
        ("pv_power_w", 0.0),
        ("pv_power_w", 1e-6),
    ],
)
async def test_nonsense_is_refused(site: Site, metric: str, step_s: float | None) -> None:
    with pytest.raises(Invalid):
        await site.stores.telemetry.series(
            site.system_id, metric, start=at(0), end=at(60), step_s=step_s
        )


async def test_at_or_before_looks_back_over_missing_values(site: Site) -> None:
    store = site.stores.telemetry
    await store.append([volts(site, 0, 52.0), volts(site, 5, None), volts(site, 9, 53.0)])
    assert await store.at_or_before(site.pack, "voltage_v", at(8)) == Point(at=at(0), value=52.0)
    assert await store.at_or_before(site.pack, "voltage_v", at(9)) == Point(at=at(9), value=53.0)
    assert await store.at_or_before(site.pack, "voltage_v", at(-1)) is None
    assert await store.at_or_before(site.inverter, "voltage_v", at(9)) is None
    await store.append([LoadSample(device_id=site.miner_load, at=at(0), is_on=True)])
    assert await store.at_or_before(site.miner_load, "is_on", at(1)) == Point(at=at(0), value=1.0)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
async def test_a_number_that_is_not_finite_counts_as_missing(site: Site, bad: float) -> None:
    await site.stores.telemetry.append([volts(site, 0, 52.0), volts(site, 1, bad)])
    (found,) = await latest(site, at(2), "voltage_v")
    assert found.measured_at == at(0)


async def test_rollups_are_replaced_and_read_by_time(site: Site) -> None:
    store = site.stores.telemetry

    def hour(minutes: float, pv_wh: float) -> RollupRow:
        return {
            "system_id": site.system_id,
            "start_at": at(minutes),
            "pv_wh": pv_wh,
            "voltage_min_v": None,
        }

    await store.save_rollup("system_hourly_energy", [hour(60, 2.0), hour(0, 1.5)])
    await store.save_rollup("system_hourly_energy", [hour(60, 3.25)])
    await store.save_rollup("system_hourly_energy", [])
    found = await store.rollup("system_hourly_energy", site.system_id, start=at(0), end=at(120))
    assert list(found) == [hour(0, 1.5), hour(60, 3.25)]
    assert (
        len(await store.rollup("system_hourly_energy", site.system_id, start=at(0), end=at(60)))
        == 1
    )
    bank: RollupRow = {
        "device_id": site.pack,
        "system_id": site.system_id,
        "start_at": at(0),
        "cycles": 0.25,
    }
    await store.save_rollup("battery_bank_hourly", [bank])
    found = await store.rollup("battery_bank_hourly", site.system_id, start=at(0), end=at(60))
    assert list(found) == [bank]
    with pytest.raises(Invalid, match="users"):
        await store.rollup("users", site.system_id, start=at(0), end=at(60))


async def test_poll_health_counts_successes_and_gaps(site: Site) -> None:
    store = site.stores.telemetry
    for minutes, error in ((0, None), (2, "timeout"), (4, "timeout"), (7, None), (9, "HTTP 500")):
        await store.record_poll(site.cloud, at=at(minutes), error=error, ms=12.0)
    relays, cloud = await store.poll_health(site.system_id, now=at(10))
    assert cloud == PollHealth(
        adapter_id=site.cloud,
        name="SolArk",
        adapter_type="solark_cloud",
        interval_s=120.0,
        last_success_at=at(7),
        last_attempt_at=at(9),
        last_error="HTTP 500",
        success_rate_24h=2 / 6,  # the poll that was due at 6 min was not made
        gaps_24h=1,
    )
    assert (relays.name, relays.last_attempt_at, relays.success_rate_24h) == ("Relays", None, None)
    (_, later) = await store.poll_health(site.system_id, now=at(24 * 60 + 8))
    assert (later.last_success_at, later.success_rate_24h) == (at(7), 0.0)


@pytest.mark.parametrize(
    ("polled", "now_min", "expected"),
    [
        pytest.param([0, 2, 4, 6], 6, 1.0, id="each in time"),
        pytest.param([0, 2.1, 3.9, 6.2], 8, 1.0, id="a little early or late"),
        pytest.param([0, 2, 6], 6, 0.75, id="one left out"),
        pytest.param([0, 2], 8.9, 0.5, id="two left out, the third is less than half late"),
        pytest.param([0, 2], 9.1, 0.4, id="the third is late, too"),
        pytest.param([0], 48 * 60, 0.0, id="none for two days"),
        pytest.param([-10, 24 * 60 - 2], 24 * 60, 1 / 719, id="a day's outage but for one"),
    ],
)
async def test_a_poll_that_was_due_and_not_made_counts_as_failed(
    site: Site, polled: list[float], now_min: float, expected: float
) -> None:
    store = site.stores.telemetry
    for minutes in polled:
        await store.record_poll(site.cloud, at=at(minutes), error=None, ms=12.0)
    (_, cloud) = await store.poll_health(site.system_id, now=at(now_min))
    assert cloud.success_rate_24h == pytest.approx(expected)


async def test_poll_health_tells_what_the_newest_good_poll_warns_of(site: Site) -> None:
    store = site.stores.telemetry

    async def caution(minutes: float) -> str | None:
        found = await store.poll_health(site.system_id, now=at(minutes))
        return next(each.caution for each in found if each.adapter_id == site.relays)

    await store.record_poll(site.relays, at=at(0), error=None, ms=1.0, caution="auto-on is set")
    await store.record_poll(site.relays, at=at(1), error="timeout", ms=1.0)
    await store.record_poll(site.relays, at=at(2), error=None, ms=1.0)
    assert [await caution(minutes) for minutes in (0, 1, 2)] == [
        "auto-on is set",
        "auto-on is set",
        None,
    ]


async def test_retention_drops_whole_days_and_keeps_the_rest(site: Site) -> None:
    store = site.stores.telemetry
    days = [volts(site, -60 * 24 * n, 52.0) for n in range(6)]
    await store.append(days)
    assert await store.apply_retention(now=NOON, raw_hours=72.0) == 2
    kept = await store.energy_rows(site.system_id, start=at(-9e4), end=at(60))
    assert [sample.at for sample in kept] == [at(-60 * 24 * n) for n in (3, 2, 1, 0)]
    assert await store.apply_retention(now=NOON, raw_hours=72.0) == 0
    assert await store.append([volts(site, 60 * 24, 52.0), volts(site, -60 * 24 * 2, 50.0)]) == 1


@pytest.mark.parametrize(
    ("hours_on", "dropped"),
    [
        pytest.param(0, 2, id="the time is right"),
        pytest.param(10 * 24, 0, id="ten days ahead, or the program was off for as long"),
        pytest.param(74 * 365 * 24, 0, id="in the year 2100"),
        pytest.param(-56 * 365 * 24, 0, id="in 1970"),
    ],
)
async def test_retention_drops_nothing_by_a_clock_that_no_sample_confirms(
    site: Site, hours_on: float, dropped: int
) -> None:
    store = site.stores.telemetry
    await store.append([volts(site, -60 * 24 * n, 52.0) for n in range(6)])
    now = NOON + timedelta(hours=hours_on)
    await store.append([BatterySample(device_id=site.pack, at=now, voltage_v=51.0)])
    assert await store.apply_retention(now=now, raw_hours=72.0) == dropped
    kept = await store.energy_rows(site.system_id, start=at(-9e4), end=at(1))
    assert len(kept) == 6 - dropped


async def test_retention_goes_on_once_a_day_was_measured_by_the_new_time(site: Site) -> None:
    """A site that was off for a month, or whose clock was a month behind."""
    store = site.stores.telemetry
    await store.append([volts(site, -60 * 24 * 30, 52.0), volts(site, 0, 52.0)])
    assert await store.apply_retention(now=at(60 * 23), raw_hours=72.0) == 0
    assert await store.apply_retention(now=at(60 * 24 + 1), raw_hours=72.0) >= 1
    kept = await store.energy_rows(site.system_id, start=at(-9e4), end=at(60))
    assert [sample.at for sample in kept] == [at(0)]


YEAR = 365 * 24 * 60


async def test_values_of_a_clock_that_ran_ahead_hide_no_newer_ones(site: Site) -> None:
    """After retention the newest values are again kept beside the samples."""
    store = site.stores.telemetry
    await store.append([volts(site, 0, 52.0)])
    await store.append([volts(site, YEAR, 50.0)])
    await store.append([volts(site, 2, 52.2)])
    (found,) = await latest(site, at(3), "voltage_v")
    assert (found.value, found.measured_at) == (52.2, at(2))
    await store.apply_retention(now=at(4), raw_hours=72.0)
    doubtful = replace(volts(site, 6, 80.0), suspect={"voltage_v": "no such bank"})
    await store.append([volts(site, 5, 52.3)])
    await store.append([doubtful])
    (found,) = await latest(site, at(7), "voltage_v")
    assert (found.value, found.measured_at, found.suspicion) == (52.3, at(5), "no such bank")


async def test_a_suspect_sample_is_kept_and_never_the_newest(site: Site) -> None:
    store = site.stores.telemetry
    good = EnergySample(device_id=site.inverter, at=at(0), pv_power_w=5_000.0, load_power_w=900.0)
    doubtful = EnergySample(
        device_id=site.inverter,
        at=at(2),
        pv_power_w=5_100.0,
        load_power_w=0.0,
        suspect={"load_power_w": "no load sensor"},
    )
    await store.append([good])
    await store.append([doubtful])
    newest = {each.metric: each for each in await store.latest(site.system_id, until=at(5))}
    load, pv = newest["load_power_w"], newest["pv_power_w"]
    assert (load.value, load.measured_at, load.suspicion) == (900.0, at(0), "no load sensor")
    assert (pv.value, pv.measured_at, pv.suspicion) == (5_100.0, at(2), "")
    told = await store.at_or_before(site.inverter, "load_power_w", at(5))
    assert told == Point(at=at(2), value=0.0)
    (mean,) = await store.series(
        site.system_id, "load_power_w", start=at(0), end=at(10), step_s=600.0
    )
    assert mean.value == 900.0
    await store.append([replace(good, at=at(4), load_power_w=950.0)])
    again = {each.metric: each for each in await store.latest(site.system_id, until=at(5))}
    assert (again["load_power_w"].value, again["load_power_w"].suspicion) == (950.0, "")
    before = {each.metric: each for each in await store.latest(site.system_id, until=at(3))}
    assert before["load_power_w"].value == 900.0


async def test_numbers_that_cannot_be_break_no_mean(site: Site) -> None:
    store = site.stores.telemetry
    await store.append(
        [
            EnergySample(device_id=site.inverter, at=at(minute), pv_power_w=watts)
            for minute, watts in ((0, 1e308), (1, 1e308), (2, 5_000.0), (3, -1e308))
        ]
    )
    (mean,) = await store.series(
        site.system_id, "pv_power_w", start=at(0), end=at(10), step_s=600.0
    )
    assert mean.value == 5_000.0
    (newest,) = await store.latest(site.system_id, until=at(5))
    assert newest.value == 5_000.0


async def test_what_each_load_drew_at_a_moment(site: Site) -> None:
    store = site.stores.telemetry
    await store.append(
        [
            LoadSample(device_id=site.miner_load, at=at(0), is_on=True, power_w=3_100.0),
            LoadSample(device_id=site.miner_load, at=at(4), is_on=True, power_w=3_200.0),
            LoadSample(device_id=site.fan_load, at=at(3), is_on=True),
        ]
    )
    drew = {site.miner_load: 3_100.0}
    assert await store.load_powers_at(site.system_id, at(3), within_s=300.0) == drew
    assert await store.load_powers_at(site.system_id, at(3), within_s=179.0) == {}
    assert await store.load_powers_at(site.other_system_id, at(3), within_s=300.0) == {}
