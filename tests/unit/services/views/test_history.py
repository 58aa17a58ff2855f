"""Rollups and statistics of a day with a known course."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from energy.battery.calibration import soc_pct
from energy.site.loads import LoadKind
from energy.site.miners import Learned, MinerProfile
from energy.site.preferences import Preferences
from services.errors import Invalid
from services.memory.records import SiteMemory
from services.sites.records import AdapterConfig, ControlledLoad, System
from services.telemetry.records import BatterySample, EnergySample, LoadSample, Sample
from services.telemetry.rollup import DAILY, HOURLY, Rollup
from services.views.history import History
from tests.fakes.clock import SteppingClock
from tests.fakes.stores.all_stores import InMemoryStores

SITE, ADAPTER, INVERTER, PACK, LOAD, HEATER = (UUID(int=n) for n in range(1, 7))
START = datetime(2026, 6, 21, 7, 0, tzinfo=UTC)
"""Local midnight in California."""


def course(minutes: range, *, with_pack: bool = True) -> list[Sample]:
    """4 kW of sun, 3 kW of load, 1 kW into the battery; a miner runs from minute 60 on."""
    found: list[Sample] = []
    for minute in minutes:
        at = START + timedelta(minutes=minute)
        found.append(
            EnergySample(
                device_id=INVERTER,
                at=at,
                pv_power_w=4_000.0,
                load_power_w=3_000.0,
                battery_power_w=1_000.0,
                grid_power_w=0.0,
                battery_voltage_v=52.5,
            )
        )
        if with_pack:
            found.append(
                BatterySample(
                    device_id=PACK, at=at, voltage_v=52.0, power_w=1_000.0, temperature_c=20.0
                )
            )
        on = minute >= 60
        found.append(LoadSample(device_id=LOAD, at=at, is_on=on, power_w=3_878.0 if on else 0.0))
        found.append(LoadSample(device_id=HEATER, at=at, is_on=on))
    return found


class Site:
    def __init__(self, *, now: datetime) -> None:
        self.clock = SteppingClock(now)
        self.stores = InMemoryStores(clock=self.clock)
        parts = {
            "sites": self.stores.site,
            "telemetry": self.stores.telemetry,
            "settings": self.stores.settings,
            "memory": self.stores.memory,
            "clock": self.clock,
        }
        self.rollup = Rollup(**parts)  # type: ignore[arg-type]  # the parts of both services
        self.history = History(**parts)  # type: ignore[arg-type]  # the same

    async def set_up(self, samples: list[Sample]) -> None:
        site = self.stores.site
        await site.save_system(
            System(
                id=SITE,
                name="Shack",
                owner_id=SITE,
                timezone="America/Los_Angeles",
                latitude=37.3,
                longitude=-121.9,
            )
        )
        await site.save_adapter(
            AdapterConfig(
                id=ADAPTER, system_id=SITE, adapter_type="solark_cloud", name="A", settings={}
            )
        )
        for device, kind in ((INVERTER, "inverter"), (PACK, "battery_pack")):
            await site.save_device(
                device_id=device,
                system_id=SITE,
                kind=kind,
                name=kind,
                adapter_id=ADAPTER,
                external_id="1",
            )
        for channel, (load, name, kind, metered) in enumerate(
            (
                (LOAD, "S21+", LoadKind.MINER, True),
                (HEATER, "Heater", LoadKind.HEATER, False),
            )
        ):
            await site.save_load(
                ControlledLoad(
                    id=load,
                    system_id=SITE,
                    adapter_id=ADAPTER,
                    name=name,
                    kind=kind,
                    channel=channel,
                    rated_w=1_500.0,
                    has_meter=metered,
                )
            )
        await self.stores.settings.save_miner(
            SITE,
            MinerProfile(
                id="m", name="S21+", power_draw_watts=3_878, hashrate_ths=235, device_id=str(LOAD)
            ),
            expected_version=None,
            actor="ana",
        )
        await self.stores.telemetry.append(samples)


async def test_a_late_sample_is_in_its_hour_within_an_hour_without_rolling_all_each_time() -> None:
    site = Site(now=START + timedelta(hours=5, minutes=2))
    await site.set_up(course(range(60, 300)))
    assert await site.rollup.roll_recent(SITE) == 25
    await site.stores.telemetry.append(course(range(60)))
    site.clock.advance(300.0)
    assert await site.rollup.roll_recent(SITE) == 2
    first = (START, START + timedelta(hours=1))
    assert (await site.history.hourly(SITE, *first))[0]["pv_wh"] is None
    site.clock.advance(3_300.0)
    assert await site.rollup.roll_recent(SITE) == 25
    assert (await site.history.hourly(SITE, *first))[0]["pv_wh"] == pytest.approx(4_000.0)


async def test_rolling_often_gives_the_same_rows_as_rolling_once() -> None:
    often, once = Site(now=START), Site(now=START + timedelta(hours=3))
    await once.set_up(course(range(180)))
    await once.rollup.roll_last_day(SITE)
    await often.set_up([])
    for minute in range(0, 180, 5):
        await often.stores.telemetry.append(course(range(minute, minute + 5)))
        often.clock.set(START + timedelta(minutes=minute + 5))
        await often.rollup.roll_recent(SITE)
    span = (START, START + timedelta(hours=3))
    assert await often.history.hourly(SITE, *span) == await once.history.hourly(SITE, *span)


async def test_hours_and_the_local_day() -> None:
    site = Site(now=START + timedelta(hours=2))
    await site.set_up(course(range(121)))
    assert await site.rollup.roll_last_day(SITE) == 24
    hours: Any = await site.history.hourly(SITE, START, START + timedelta(days=1))
    assert [(row["start_at"], row["pv_wh"], row["miner_runtime_s"]) for row in hours] == [
        (START, pytest.approx(4_000), 0.0),
        (START + timedelta(hours=1), pytest.approx(4_000), pytest.approx(3_600)),
    ]
    days: Any = await site.history.daily(SITE, START, START + timedelta(days=1))
    (day,) = days
    assert day["pv_wh"] == pytest.approx(8_000)
    assert day["battery_charge_wh"] == pytest.approx(2_000)
    assert day["terahash_hours"] == pytest.approx(235)
    assert (day["self_consumption_pct"], day["self_sufficiency_pct"]) == (100.0, 100.0)
    assert day["battery_cycles"] == 0.0
    assert day["soc_mean_pct"] == pytest.approx(60.0)


async def test_a_bank_has_hours_of_its_own() -> None:
    site = Site(now=START + timedelta(hours=1))
    await site.set_up(course(range(61)))
    await site.rollup.roll(SITE, START, START + timedelta(hours=1))
    (row,) = await site.stores.telemetry.rollup(
        "battery_bank_hourly", SITE, start=START, end=START + timedelta(hours=1)
    )
    assert row == {
        "system_id": SITE,
        "device_id": PACK,
        "start_at": START,
        "battery_charge_wh": pytest.approx(1_000),
        "battery_discharge_wh": 0.0,
        "battery_charge_peak_w": 1_000.0,
        "battery_discharge_peak_w": 0.0,
        "voltage_min_v": 52.0,
        "voltage_max_v": 52.0,
        "voltage_mean_v": pytest.approx(52.0),
        "soc_min_pct": pytest.approx(60.0),
        "soc_max_pct": pytest.approx(60.0),
        "soc_mean_pct": pytest.approx(60.0),
        "temperature_min_c": 20.0,
        "temperature_max_c": 20.0,
        "covered_s": pytest.approx(3_600),
        "missing_s": pytest.approx(0),
    }


async def test_the_charge_of_the_past_is_that_of_the_rest_voltage() -> None:
    """53 V while 100 A charge is 52 V at rest, as everywhere else; without a current 53 V."""
    site = Site(now=START + timedelta(hours=1))
    charging: list[Sample] = [
        BatterySample(
            device_id=PACK,
            at=START + timedelta(minutes=minute),
            voltage_v=53.0,
            current_a=100.0 if minute < 59 else None,
        )
        for minute in range(60)
    ]
    await site.set_up(charging)
    await site.stores.memory.save(SITE, SiteMemory(learned=Learned(resistance_ohm=0.01)))
    soc = (await site.history.statistics(SITE, 1.0))["soc_pct"]
    assert soc["minimum"] == pytest.approx(soc_pct(52.0, Preferences()))
    assert soc["maximum"] == pytest.approx(soc_pct(53.0, Preferences()))
    await site.rollup.roll(SITE, START, START + timedelta(hours=1))
    for table in ("system_hourly_energy", "battery_bank_hourly"):
        hours: Any = await site.stores.telemetry.rollup(
            table, SITE, start=START, end=START + timedelta(hours=1)
        )
        assert hours[0]["soc_min_pct"] == pytest.approx(soc_pct(52.0, Preferences()))


async def test_what_cannot_be_is_in_no_hour_of_a_bank() -> None:
    """A cable that came off shows 0 V: it is a gap, no empty battery."""
    site = Site(now=START + timedelta(hours=1))
    at = START + timedelta(minutes=30)
    off = BatterySample(device_id=PACK, at=at, voltage_v=0.0, power_w=1_000.0)
    await site.set_up([*course(range(30)), off, *course(range(31, 61))])
    await site.rollup.roll(SITE, START, START + timedelta(hours=1))
    banks: Any = await site.stores.telemetry.rollup(
        "battery_bank_hourly", SITE, start=START, end=START + timedelta(hours=1)
    )
    (row,) = banks
    assert (row["voltage_min_v"], row["voltage_mean_v"]) == (52.0, pytest.approx(52.0))
    assert (row["soc_min_pct"], row["soc_mean_pct"]) == (pytest.approx(60.0), pytest.approx(60.0))


@pytest.mark.parametrize(
    ("why", "pv_wh"),
    [
        pytest.param({"pv_power_w": "more than the arrays give"}, 4_000.0, id="not believed"),
        pytest.param({}, 4_000.0 + 10_000.0 / 120.0, id="confirmed"),
    ],
)
async def test_a_suspect_value_is_in_no_hour(why: dict[str, str], pv_wh: float) -> None:
    """14 kW between two samples of 4 kW that are a minute apart."""
    site = Site(now=START + timedelta(hours=1))
    at = START + timedelta(minutes=30, seconds=30)
    doubtful = EnergySample(
        device_id=INVERTER, at=at, pv_power_w=14_000.0, load_power_w=3_000.0, suspect=why
    )
    await site.set_up([*course(range(61)), doubtful])
    await site.rollup.roll(SITE, START, START + timedelta(hours=1))
    (hour,) = await site.history.hourly(SITE, START, START + timedelta(hours=1))
    assert hour["pv_wh"] == pytest.approx(pv_wh)


async def test_rolling_again_in_other_spans_gives_the_same_and_late_samples_count() -> None:
    site = Site(now=START + timedelta(hours=3))
    await site.set_up([*course(range(50)), *course(range(70, 181))])
    span = (START, START + timedelta(hours=3))
    await site.rollup.roll(SITE, *span)
    whole = [
        list(await site.stores.telemetry.rollup(table, SITE, start=span[0], end=span[1]))
        for table in (HOURLY, DAILY)
    ]
    for hour in (2, 0, 1):
        begin = START + timedelta(hours=hour, minutes=30)
        await site.rollup.roll(SITE, begin, begin + timedelta(minutes=1))
    again = [
        list(await site.stores.telemetry.rollup(table, SITE, start=span[0], end=span[1]))
        for table in (HOURLY, DAILY)
    ]
    assert again == whole
    assert whole[1][0]["missing_s"] == pytest.approx(21 * 60)
    await site.stores.telemetry.append(course(range(50, 70)))
    await site.rollup.roll(SITE, START + timedelta(minutes=50), START + timedelta(minutes=70))
    days: Any = await site.history.daily(SITE, *span)
    (day,) = days
    assert (day["missing_s"], day["pv_wh"]) == (pytest.approx(0), pytest.approx(12_000))


async def test_the_future_is_not_rolled() -> None:
    site = Site(now=START)
    await site.set_up([])
    assert await site.rollup.roll(SITE, START, START + timedelta(hours=5)) == 0


async def test_statistics_of_two_hours() -> None:
    site = Site(now=START + timedelta(hours=2))
    await site.set_up(course(range(121)))
    found = await site.history.statistics(SITE, 2)
    assert found["pv_wh"] == pytest.approx(8_000)
    assert found["load_mean_w"] == pytest.approx(3_000)
    assert found["battery_charge_peak_w"] == 1_000.0
    assert found["voltage_v"] == {
        "minimum": 52.0,
        "maximum": 52.0,
        "mean": pytest.approx(52.0),
    }
    assert found["coverage"]["power_pct"] == pytest.approx(100)
    assert found["note"] == ""
    assert found["loads"] == [
        {
            "id": str(HEATER),
            "name": "Heater",
            "kind": "heater",
            "runtime_h": 1.0,
            "starts": 1,
            "energy_wh": pytest.approx(1_500),
            "energy_is": "rated power × runtime",
            "missing_s": 0.0,
        },
        {
            "id": str(LOAD),
            "name": "S21+",
            "kind": "miner",
            "runtime_h": 1.0,
            "starts": 1,
            "energy_wh": pytest.approx(3_878 * (60 + 0.5) / 60),
            "energy_is": "measured",
            "missing_s": 0.0,
        },
    ]


async def test_without_a_monitor_the_inverter_stands_in() -> None:
    site = Site(now=START + timedelta(hours=1))
    await site.set_up(course(range(61), with_pack=False))
    assert (await site.history.statistics(SITE, 1))["voltage_v"]["maximum"] == 52.5


async def test_missing_time_is_said() -> None:
    site = Site(now=START + timedelta(hours=2))
    await site.set_up(course(range(61)))
    assert (await site.history.statistics(SITE, 2))["note"] == (
        "Samples are missing for 1.0 of 2.0 h: energies are too low by what was made and used in "
        "that time."
    )
    nothing = await Site(now=START).history.statistics(SITE, 1)
    assert (nothing["pv_wh"], nothing["pv_mean_w"]) == (None, None)
    assert nothing["note"] == "There are no samples in this span."


async def test_long_spans_come_from_the_hours() -> None:
    site = Site(now=START + timedelta(hours=2))
    await site.set_up(course(range(121)))
    await site.rollup.roll_last_day(SITE)
    found = await site.history.statistics(SITE, 100)
    assert found["pv_wh"] == pytest.approx(8_000)
    assert found["loads"] == []
    assert found["coverage"]["missing_s"] == pytest.approx(98 * 3_600)


@pytest.mark.parametrize("hours", [0.0, -1.0, 9_601.0])
async def test_hours_have_bounds(hours: float) -> None:
    with pytest.raises(Invalid):
        await Site(now=START).history.statistics(SITE, hours)


async def test_a_series_says_what_is_missing() -> None:
    site = Site(now=START + timedelta(hours=1))
    await site.set_up(course(range(10)))
    found = await site.history.series(
        SITE, "pv_power_w", START, START + timedelta(minutes=15), 300.0
    )
    assert found == {
        "metric": "pv_power_w",
        "unit": "W",
        "start_at": START.isoformat(),
        "end_at": (START + timedelta(minutes=15)).isoformat(),
        "step_s": 300.0,
        "points": [
            {"at": (START + timedelta(minutes=m)).isoformat(), "value": value}
            for m, value in ((0, 4_000.0), (5, 4_000.0), (10, None))
        ],
        "missing_points": 1,
    }
    with pytest.raises(Invalid):
        await site.history.series(SITE, "pv_power_w", START, START, 300.0)
