"""What clears a suspicion, and what a suspect sample never does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from commandcenter.wiring import seed
from services.telemetry.records import BatterySample, EnergySample, Sample
from services.telemetry.suspicion import Suspicions, agree, believed
from tests.fakes.sites.reference_site import SYSTEM_ID
from tests.fakes.sites.scripted_site import ScriptedSite

WHY = "sources and sinks differ by 4 000 W"


@pytest.fixture
async def site() -> ScriptedSite:
    return await ScriptedSite().set_up()


def inverter(site: ScriptedSite, after_s: float, *, suspect: bool = True, **more: Any) -> Sample:
    at = site.clock.now() + timedelta(seconds=after_s)
    doubts = dict.fromkeys(more, WHY) if suspect else {}
    return EnergySample(device_id=seed.INVERTER, at=at, suspect=doubts, **more)


async def cleared(site: ScriptedSite, *samples: Sample) -> list[Sample]:
    return list(await Suspicions(telemetry=site.stores.telemetry).cleared(SYSTEM_ID, list(samples)))


async def test_without_a_suspicion_nothing_is_asked(site: ScriptedSite) -> None:
    sample = inverter(site, 120.0, suspect=False, load_power_w=400.0)
    assert await cleared(site, sample) == [sample]


@pytest.mark.parametrize(
    ("first_w", "second_w", "after_s", "believed_then"),
    [
        pytest.param(400.0, 590.0, 120.0, True, id="two that agree"),
        pytest.param(400.0, 601.0, 120.0, False, id="two that differ"),
        pytest.param(9_000.0, 8_100.0, 120.0, True, id="within a tenth"),
        pytest.param(400.0, 400.0, 901.0, False, id="too far apart"),
    ],
)
async def test_two_consecutive_samples_that_agree_clear_it(
    site: ScriptedSite, first_w: float, second_w: float, after_s: float, *, believed_then: bool
) -> None:
    (first,) = await cleared(site, inverter(site, 120.0, load_power_w=first_w))
    assert first.suspect == {"load_power_w": WHY}
    await site.stores.telemetry.append([first])
    (second,) = await cleared(site, inverter(site, 120.0 + after_s, load_power_w=second_w))
    assert (second.suspect == {}) is believed_then


async def test_two_of_one_batch_clear_the_second(site: ScriptedSite) -> None:
    samples = [inverter(site, after_s, load_power_w=400.0) for after_s in (240.0, 120.0)]
    found = await cleared(site, *samples)
    assert [bool(each.suspect) for each in found] == [True, False]


async def test_a_sample_before_without_the_metric_confirms_nothing(site: ScriptedSite) -> None:
    found = await cleared(
        site,
        inverter(site, 120.0, suspect=False, pv_power_w=5_000.0),
        inverter(site, 240.0, load_power_w=400.0),
        inverter(site, 3_600.0, load_power_w=400.0),
    )
    assert [bool(each.suspect) for each in found] == [False, True, True]


@pytest.mark.parametrize(
    ("voltage_v", "believed_then"),
    [pytest.param(52.7, True, id="they agree"), pytest.param(44.0, False, id="they differ")],
)
async def test_another_source_that_agrees_clears_it(
    site: ScriptedSite, voltage_v: float, *, believed_then: bool
) -> None:
    """The battery monitor has just told 52.3 V."""
    (sample,) = await cleared(site, inverter(site, 60.0, battery_voltage_v=voltage_v))
    assert (sample.suspect == {}) is believed_then


async def test_an_old_source_clears_nothing(site: ScriptedSite) -> None:
    (sample,) = await cleared(site, inverter(site, 1_000.0, battery_voltage_v=52.3))
    assert sample.suspect


async def test_what_was_impossible_stays_suspect(site: ScriptedSite) -> None:
    at = site.clock.now() + timedelta(seconds=60)
    sample = BatterySample(device_id=seed.BATTERY_PACK, at=at, suspect={"voltage_v": "1e+308 V"})
    assert await cleared(site, sample) == [sample]


async def test_a_suspect_sample_never_reaches_a_decision(site: ScriptedSite) -> None:
    """It neither becomes the newest value nor enters the mean of ten minutes."""
    for after_s in (120.0, 300.0):
        sample = inverter(site, after_s, pv_power_w=14_000.0 + 20.0 * after_s)
        await site.stores.telemetry.append(await cleared(site, sample))
    site.clock.advance(400.0)
    record = await site.loop.control.run_cycle(SYSTEM_ID)
    snapshot = record.document["allocation"]["inputs"]["snapshot"]
    assert snapshot["pv_power_w"]["value"] == 8_450.0
    assert snapshot["pv_power_w"]["suspicion"] == WHY
    assert snapshot["pv_mean_10min_w"] == 8_450.0
    site.clock.advance(300.0)
    now = await site.loop.live.now(SYSTEM_ID)
    assert (now["solar"]["power"]["value"], now["solar"]["power"]["quality"]) == (None, "suspect")
    assert WHY in now["solar"]["power"]["reason"]


def test_believed_leaves_the_suspect_values_out() -> None:
    sample = EnergySample(
        device_id=seed.INVERTER,
        at=ScriptedSite().clock.now(),
        pv_power_w=5_000.0,
        load_power_w=0.0,
        suspect={"load_power_w": WHY},
    )
    kept = believed(sample)
    assert (kept.pv_power_w, kept.load_power_w, kept.suspect) == (5_000.0, None, {})
    assert believed(kept) is kept


def test_units_that_are_not_known_agree_only_with_themselves() -> None:
    assert agree("speed", 3.0, 3.0)
    assert not agree("speed", 3.0, 4.0)
