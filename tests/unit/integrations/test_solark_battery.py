"""The battery's details beside the powers: their own time, and no harm where they fail."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import httpx2
import pytest

from integrations.solark.adapter import SolArkReader
from services.telemetry.records import EnergySample
from tests.fakes.clock import SteppingClock
from tests.fakes.solark_cloud import INVERTER, NOW, SAMPLE, Cloud, bad, fine, one_inverter, reader
from tests.fakes.vendor_http import Answer, answer


async def test_the_battery_voltage_is_read_where_there_is_a_serial_number() -> None:
    cloud = Cloud()
    cloud.routes.set("inverter/battery/E1/realtime", fine({"voltage": "53.3", "temp": "-100"}))
    (sample,) = await reader(cloud, serial="E1").read()
    assert isinstance(sample, EnergySample)
    assert (sample.battery_voltage_v, sample.temperature_c) == (53.3, None)


async def test_powers_count_more_than_a_battery_detail_that_is_refused() -> None:
    cloud = Cloud()
    cloud.routes.set("inverter/battery/E1/realtime", bad(2))
    assert await reader(cloud, serial="E1").read() == [SAMPLE]


async def test_a_battery_detail_that_fails_takes_nothing_else_with_it() -> None:
    cloud = Cloud()
    cloud.routes.set("/inverters", one_inverter())
    cloud.routes.set("inverter/battery/E1/realtime", answer({}, 503))
    solark = reader(cloud, serial="E1")
    assert await solark.read() == [SAMPLE]
    assert solark.cautions() == ("inverter battery could not be read: HTTP 503",)
    cloud.routes.set("inverter/battery/E1/realtime", fine({"voltage": "53.3"}))
    assert await solark.read() == [replace(SAMPLE, battery_voltage_v=53.3)]
    assert solark.cautions() == ()


async def test_a_battery_detail_that_hangs_takes_nothing_else_with_it() -> None:
    cloud = Cloud()

    async def hang(_: httpx2.Request) -> Answer:
        await asyncio.Event().wait()
        return answer({})

    cloud.routes.set("/inverters", one_inverter())
    cloud.routes.set("inverter/battery/E1/realtime", hang)
    solark = SolArkReader(
        client=cloud.client(),
        plant_id=424242,
        device_id=INVERTER,
        clock=SteppingClock(NOW),
        timezone="America/Los_Angeles",
        inverter_serial="E1",
        optional_s=1.0,  # the list of inverters has to answer within it
    )
    assert await solark.read() == [SAMPLE]
    assert solark.cautions() == ("battery could not be read: no answer within 1 s",)


@pytest.mark.parametrize(
    ("detail_time", "listed", "at"),
    [
        pytest.param("2026-04-03T16:31:00Z", None, "16:31", id="the detail's own"),
        pytest.param("2026-04-03 09:31:00", None, "16:31", id="the plant's wall clock"),
        pytest.param(None, "2026-04-03T16:32:00Z", "16:32", id="the inverter's in the list"),
        pytest.param("soon", "2026-04-03T16:32:00Z", "16:32", id="no time in the detail"),
        pytest.param("9999-12-31T23:59:59-12:00", None, None, id="the end of the calendar"),
        pytest.param(None, None, None, id="nobody says: the plant's"),
        pytest.param("2026-04-03T16:44:00Z", None, "16:40", id="a little ahead is now"),
    ],
)
async def test_the_batterys_values_have_the_inverters_own_time(
    detail_time: str | None, listed: str | None, at: str | None
) -> None:
    cloud = Cloud()
    cloud.routes.set("/inverters", one_inverter(listed))
    detail = {"voltage": "53.3", "temp": 21, "time": detail_time}
    cloud.routes.set("inverter/battery/E1/realtime", fine(detail))
    found = await reader(cloud, serial="E1").read()
    if at is None:
        assert found == [replace(SAMPLE, battery_voltage_v=53.3, temperature_c=21.0)]
        return
    time = datetime.fromisoformat(f"2026-04-03T{at}:00+00:00")
    battery = EnergySample(device_id=INVERTER, at=time, battery_voltage_v=53.3, temperature_c=21.0)
    assert found == sorted([SAMPLE, battery], key=lambda sample: sample.at)


async def test_a_battery_from_the_future_is_left_out() -> None:
    cloud = Cloud()
    cloud.routes.set("/inverters", one_inverter())
    ahead = (NOW + timedelta(hours=2)).isoformat()
    cloud.routes.set("inverter/battery/E1/realtime", fine({"voltage": 53, "time": ahead}))
    solark = reader(cloud, serial="E1")
    assert await solark.read() == [SAMPLE]
    assert solark.cautions() == ("the inverter's clock runs ahead; its battery is not read",)
