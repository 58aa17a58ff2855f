"""One poll: read, stored, noted, told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import pytest

from commandcenter.wiring import seed
from services.errors import NotFound, VendorError
from services.sites.records import AdapterConfig, ControlledLoad
from services.telemetry.polling import Polling
from services.telemetry.records import BatterySample, PollHealth, Sample
from tests.fakes.sites.reference_site import SYSTEM_ID
from tests.fakes.sites.scripted_site import ScriptedSite


class ScriptedReader:
    """Gives the samples it was given, or fails."""

    def __init__(self, samples: Sequence[Sample] | VendorError) -> None:
        self.samples = samples

    async def read(self) -> Sequence[Sample]:
        if isinstance(self.samples, VendorError):
            raise self.samples
        return self.samples


@pytest.fixture
async def site() -> ScriptedSite:
    return await ScriptedSite().set_up()


def polling(
    site: ScriptedSite,
    samples: Sequence[Sample] | VendorError,
    *,
    reader: ScriptedReader | None = None,
) -> Polling:
    ticks = iter((10.0, 10.25))
    asked: list[AdapterConfig] = []

    def reader_of(adapter: AdapterConfig, _: Sequence[ControlledLoad]) -> ScriptedReader:
        asked.append(adapter)
        return ScriptedReader(samples) if reader is None else reader

    return Polling(
        sites=site.stores.site,
        telemetry=site.stores.telemetry,
        reader_of=reader_of,
        clock=site.clock,
        events=site.stores.events,
        pauses=site.loop.pauses,
        stopwatch=lambda: next(ticks),
    )


async def health(site: ScriptedSite) -> PollHealth:
    found = await site.stores.telemetry.poll_health(SYSTEM_ID, now=site.clock.now())
    return next(each for each in found if each.adapter_id == seed.VRM_ADAPTER)


async def test_new_samples_are_stored_and_told(site: ScriptedSite) -> None:
    site.clock.advance(60.0)
    at = site.clock.now()
    sample = BatterySample(device_id=seed.BATTERY_PACK, at=at, voltage_v=52.9)
    assert await polling(site, [sample]).poll(seed.VRM_ADAPTER) == 1
    assert (await health(site)).last_success_at == at
    assert site.stores.events.published == [("telemetry", {"system_id": str(SYSTEM_ID)})]


@pytest.mark.parametrize(
    ("adapter_id", "own", "expected"),
    [
        pytest.param(seed.SOLARK_ADAPTER, {}, "America/Los_Angeles", id="the site's"),
        pytest.param(seed.SOLARK_ADAPTER, {"timezone": "UTC"}, "UTC", id="its own"),
        pytest.param(seed.PRIMARY.adapter_id, {}, None, id="a relay has none"),
    ],
)
async def test_a_cloud_is_read_in_the_sites_timezone(
    site: ScriptedSite, adapter_id: UUID, own: dict[str, str], expected: str | None
) -> None:
    stored = next(
        each for each in await site.stores.site.adapters(SYSTEM_ID) if each.id == adapter_id
    )
    await site.stores.site.save_adapter(replace(stored, settings={**stored.settings, **own}))
    asked: list[AdapterConfig] = []

    def reader_of(adapter: AdapterConfig, _: Sequence[ControlledLoad]) -> ScriptedReader:
        asked.append(adapter)
        return ScriptedReader([])

    await Polling(
        sites=site.stores.site,
        telemetry=site.stores.telemetry,
        reader_of=reader_of,
        clock=site.clock,
        events=site.stores.events,
        pauses=site.loop.pauses,
        stopwatch=lambda: 0.0,
    ).poll(adapter_id)
    assert asked[0].settings.get("timezone") == expected


async def test_what_a_reader_warns_of_is_noted(site: ScriptedSite) -> None:
    class Cautious(ScriptedReader):
        def cautions(self) -> Sequence[str]:
            return ("auto-on is set", "its detail is missing")

    await polling(site, [], reader=Cautious([])).poll(seed.VRM_ADAPTER)
    assert (await health(site)).caution == "auto-on is set; its detail is missing"
    site.clock.advance(60.0)
    await polling(site, []).poll(seed.VRM_ADAPTER)
    assert (await health(site)).caution is None


class Named(ScriptedReader):
    def __init__(self, name: str | None) -> None:
        super().__init__([])
        self.name = name

    def identity(self) -> str | None:
        return self.name


async def test_the_device_that_answered_first_is_remembered(site: ScriptedSite) -> None:
    async def identity() -> str | None:
        stored = await site.stores.site.adapters(SYSTEM_ID)
        return next(each.identity for each in stored if each.id == seed.VRM_ADAPTER)

    story: list[str | None] = []
    for name in (None, "AABBCCDDEEFF", "665544332211"):
        await polling(site, [], reader=Named(name)).poll(seed.VRM_ADAPTER)
        story.append(await identity())
    assert story == [None, "AABBCCDDEEFF", "AABBCCDDEEFF"]


async def test_what_is_known_already_is_not_told(site: ScriptedSite) -> None:
    assert await polling(site, []).poll(seed.VRM_ADAPTER) == 0
    assert (await health(site)).last_error is None
    assert site.stores.events.published == []


async def test_a_failure_is_noted_and_raised(site: ScriptedSite) -> None:
    error = VendorError(vendor="VRM", call="stats", detail="503", retry=True)
    with pytest.raises(VendorError):
        await polling(site, error).poll(seed.VRM_ADAPTER)
    noted = await health(site)
    assert (noted.last_error, noted.last_success_at) == ("VRM: stats: 503", None)


async def test_an_adapter_that_does_not_exist(site: ScriptedSite) -> None:
    with pytest.raises(NotFound, match="adapter"):
        await polling(site, []).poll(UUID(int=1))


async def test_a_cloud_of_a_system_that_is_gone(site: ScriptedSite) -> None:
    del site.stores.site._systems[SYSTEM_ID]
    with pytest.raises(NotFound, match="system"):
        await polling(site, []).poll(seed.VRM_ADAPTER, SYSTEM_ID)
