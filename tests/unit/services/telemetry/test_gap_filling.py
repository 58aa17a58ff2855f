"""After an outage the vendor's own record fills the gap."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from commandcenter.wiring import seed
from services.errors import VendorError
from services.sites.records import AdapterConfig
from services.telemetry.gap_filling import GapFilling
from services.telemetry.records import EnergySample, Sample
from tests.fakes.clock import EPOCH
from tests.fakes.sites.reference_site import SYSTEM_ID
from tests.fakes.sites.scripted_site import ScriptedSite

FAILED = VendorError(vendor="SolArk", call="day", detail="HTTP 502", retry=True)


def at(minutes: float) -> datetime:
    return EPOCH + timedelta(minutes=minutes)


def sample(minutes: float) -> EnergySample:
    return EnergySample(device_id=seed.INVERTER, at=at(minutes), pv_power_w=1_000.0)


class KeepsRecord:
    """A vendor with a sample every five minutes, asked or not."""

    def __init__(self) -> None:
        self.asked: list[tuple[float, float]] = []
        self.problem: VendorError | None = None
        self.answers = asyncio.Event()
        self.answers.set()

    async def read(self) -> Sequence[Sample]:
        return []

    async def between(self, start: datetime, end: datetime) -> Sequence[Sample]:
        minute = timedelta(minutes=1)
        self.asked.append(((start - EPOCH) / minute, (end - EPOCH) / minute))
        await self.answers.wait()
        if self.problem is not None:
            raise self.problem
        every = (start + timedelta(minutes=5 * step) for step in range(1, 300))
        return [
            EnergySample(device_id=seed.INVERTER, at=moment, pv_power_w=900.0)
            for moment in every
            if moment < end
        ]


class Forgets:
    """A vendor that tells of now alone."""

    async def read(self) -> Sequence[Sample]:
        return []


@pytest.fixture
async def site() -> ScriptedSite:
    return await ScriptedSite().set_up()


async def adapter(site: ScriptedSite) -> AdapterConfig:
    stored = await site.stores.site.adapters(SYSTEM_ID)
    return next(each for each in stored if each.id == seed.SOLARK_ADAPTER)


@pytest.mark.parametrize(
    ("stored_min", "read_min", "asked"),
    [
        pytest.param([0], [10], [], id="ten minutes are bridged"),
        pytest.param([0], [10.1], [(0, 10.1)], id="more are a gap"),
        pytest.param([0], [60, 65, 70], [(0, 60)], id="filled once"),
        pytest.param([], [0, 5], [(-1440, 0)], id="nothing before: the last day"),
        pytest.param([0], [2000], [(560, 2000)], id="of a long gap the last day"),
        pytest.param([0], [5, 60], [(5, 60)], id="while the program runs"),
    ],
)
async def test_a_gap_is_asked_for_once(
    site: ScriptedSite,
    stored_min: list[float],
    read_min: list[float],
    asked: list[tuple[float, float]],
) -> None:
    gaps, reader = GapFilling(telemetry=site.stores.telemetry), KeepsRecord()
    await site.stores.telemetry.append([sample(minutes) for minutes in stored_min])
    for minutes in read_min:
        await site.stores.telemetry.append([sample(minutes)])
        await gaps.fill(await adapter(site), reader, [sample(minutes)])
    assert reader.asked == asked


async def test_what_the_vendor_kept_is_stored_in_the_gap(site: ScriptedSite) -> None:
    await site.stores.telemetry.append([sample(0), sample(30)])
    gaps = GapFilling(telemetry=site.stores.telemetry)
    assert await gaps.fill(await adapter(site), KeepsRecord(), [sample(30)]) == 5
    points = await site.stores.telemetry.series(
        SYSTEM_ID, "pv_power_w", start=at(1), end=at(31), step_s=None
    )
    assert [(point.at, point.value) for point in points] == [
        *((at(minutes), 900.0) for minutes in (5, 10, 15, 20, 25)),
        (at(30), 1_000.0),
    ]


@pytest.mark.parametrize("silent", [False, True], ids=["an error", "silence"])
async def test_a_past_that_cannot_be_had_is_asked_for_with_the_next_reading(
    site: ScriptedSite, *, silent: bool
) -> None:
    gaps = GapFilling(telemetry=site.stores.telemetry, answer_wall_s=0.01)
    reader = KeepsRecord()
    if silent:
        reader.answers.clear()
    else:
        reader.problem = FAILED
    await site.stores.telemetry.append([sample(0)])
    assert await gaps.fill(await adapter(site), reader, [sample(60)]) == 0
    reader.problem = None
    reader.answers.set()
    assert await gaps.fill(await adapter(site), reader, [sample(62)]) == 12
    assert reader.asked == [(0, 60), (0, 62)]


async def test_without_a_record_or_a_reading_nothing_is_filled(site: ScriptedSite) -> None:
    gaps, reader = GapFilling(telemetry=site.stores.telemetry), KeepsRecord()
    assert await gaps.fill(await adapter(site), Forgets(), [sample(60)]) == 0
    assert await gaps.fill(await adapter(site), reader, []) == 0
    assert reader.asked == []
