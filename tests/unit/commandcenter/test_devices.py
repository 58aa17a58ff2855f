"""Readers and switches from their configuration: one client a host, one source for a channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import pytest

from commandcenter.wiring import seed
from commandcenter.wiring.devices import Devices
from energy.site.loads import LoadKind
from services.errors import Invalid, NotFound, Unavailable, VendorError
from services.sites.records import AdapterConfig, ControlledLoad
from services.telemetry.ports import TellsIdentity
from services.telemetry.records import LoadSample
from tests.fakes.clock import EPOCH, SteppingClock
from tests.fakes.vendor_http import ShellyDevice, in_memory

RELAYS = AdapterConfig(
    id=UUID(int=1),
    system_id=seed.SYSTEM_ID,
    adapter_type="shelly_rpc",
    name="Relays",
    settings={"base_url": "http://relay/"},
)
MINER = ControlledLoad(
    id=UUID(int=11),
    system_id=seed.SYSTEM_ID,
    adapter_id=RELAYS.id,
    name="Miner",
    kind=LoadKind.MINER,
    channel=1,
)


def device() -> ShellyDevice:
    return ShellyDevice(
        password=None,
        status={
            "sys": {"mac": "AABBCCDDEEFF"},
            "switch:0": {"output": False, "apower": 0.0},
            "switch:1": {"output": True, "apower": 3878.0},
        },
    )


class Table:
    """The adapters as they are stored."""

    def __init__(self, *adapters: AdapterConfig) -> None:
        self.adapters, self.away = list(adapters), False

    async def of(self, system_id: UUID) -> Sequence[AdapterConfig]:
        if self.away:
            raise Unavailable(what="The database", detail="gone", advice="wait")
        return [adapter for adapter in self.adapters if adapter.system_id == system_id]


def devices(relay: ShellyDevice, table: Table | None = None) -> Devices:
    table = Table(RELAYS) if table is None else table
    return Devices(http=in_memory(relay), clock=SteppingClock(EPOCH), adapters_of=table.of)


async def test_a_load_is_read_and_switched_on_the_channel_that_it_hangs_on() -> None:
    relay = device()
    made = devices(relay)
    (sample,) = await made.reader_of(RELAYS, [MINER]).read()
    assert isinstance(sample, LoadSample)
    assert (sample.device_id, sample.is_on, sample.power_w) == (MINER.id, True, 3878.0)
    await (await made.of(MINER)).turn_off()
    assert relay.commands == [{"id": 1, "on": False}]


async def test_loads_of_other_adapters_are_not_read() -> None:
    elsewhere = replace(MINER, id=UUID(int=12), adapter_id=UUID(int=2), channel=0)
    samples = await devices(device()).reader_of(RELAYS, [MINER, elsewhere]).read()
    assert [sample.device_id for sample in samples] == [MINER.id]


async def test_adapters_of_one_host_share_a_client_and_readers_are_kept() -> None:
    relay = device()
    made = devices(relay)
    twin = replace(RELAYS, id=UUID(int=2), settings={"base_url": "http://relay"})
    fan = replace(MINER, id=UUID(int=12), adapter_id=twin.id, channel=0)
    first = made.reader_of(RELAYS, [MINER, fan])
    assert made.reader_of(RELAYS, [MINER, fan]) is first
    moved = made.reader_of(RELAYS, [replace(MINER, channel=0), fan])
    assert moved is not first
    await first.read()
    relay.mac = "665544332211"
    relay.status = {"sys": {"mac": "665544332211"}, "switch:0": {"output": False}}
    with pytest.raises(VendorError, match="another device"):
        await made.reader_of(twin, [fan]).read()


@pytest.mark.parametrize(
    ("identity", "mac", "refused"),
    [
        pytest.param(None, None, False, id="never seen: the first one is taken"),
        pytest.param("AABBCCDDEEFF", None, False, id="the one that was seen"),
        pytest.param("665544332211", None, True, id="another one than was seen"),
        pytest.param("665544332211", "aa:bb:cc:dd:ee:ff", False, id="the owner's word goes first"),
    ],
)
async def test_after_a_restart_another_device_at_the_address_is_refused(
    identity: str | None, mac: str | None, *, refused: bool
) -> None:
    settings = RELAYS.settings if mac is None else {**RELAYS.settings, "mac": mac}
    stored = replace(RELAYS, identity=identity, settings=settings)
    restarted, relay = Table(stored), device()
    made = devices(relay, restarted)
    if refused:
        with pytest.raises(VendorError, match="another device answers at this address"):
            await made.reader_of(stored, [MINER]).read()
        with pytest.raises(VendorError, match="another device answers at this address"):
            await (await made.of(MINER)).turn_off()
        assert relay.commands == []
        return
    reader = made.reader_of(stored, [MINER])
    await reader.read()
    assert isinstance(reader, TellsIdentity)
    assert reader.identity() == "AABBCCDDEEFF"


async def test_what_another_process_has_seen_first_counts() -> None:
    table = Table(RELAYS)
    made = devices(device(), table)
    await (await made.of(MINER)).turn_off()
    table.adapters = [replace(RELAYS, identity="665544332211")]
    with pytest.raises(VendorError, match="another device answers at this address"):
        await (await made.of(MINER)).turn_off()


OTHER_SYSTEM = UUID(int=99)
ELSEWHERE = replace(
    RELAYS, id=UUID(int=2), system_id=OTHER_SYSTEM, settings={"base_url": "http://elsewhere"}
)


async def test_loads_of_several_systems_are_switched() -> None:
    relay = device()
    made = devices(relay, Table(RELAYS, ELSEWHERE))
    for load in (MINER, replace(MINER, system_id=OTHER_SYSTEM, adapter_id=ELSEWHERE.id), MINER):
        await (await made.of(load)).turn_off()
    assert relay.hosts == ["relay", "elsewhere", "relay"]


async def test_an_adapter_that_another_process_has_added_or_moved_is_reached() -> None:
    relay, table = device(), Table()
    made = devices(relay, table)
    with pytest.raises(NotFound):
        await made.of(MINER)
    table.adapters = [RELAYS]
    await (await made.of(MINER)).turn_off()
    table.adapters = [replace(RELAYS, settings={"base_url": "http://moved"})]
    await (await made.of(MINER)).turn_off()
    table.away = True
    await (await made.of(MINER)).turn_off()
    assert relay.hosts == ["relay", "moved", "moved"]


@pytest.mark.parametrize(
    ("adapter", "problem"),
    [
        pytest.param(replace(RELAYS, adapter_type="x"), "unknown type 'x'", id="type"),
        pytest.param(replace(RELAYS, settings={}), "Relays: bad or missing setting", id="address"),
        pytest.param(
            replace(
                RELAYS,
                adapter_type="victron_vrm",
                secrets={"token": "t"},
                settings={"base_url": "http://v", "site_id": "one", "device_id": str(MINER.id)},
            ),
            "Relays: bad or missing setting",
            id="number",
        ),
    ],
)
def test_what_is_wrong_is_said(adapter: AdapterConfig, problem: str) -> None:
    with pytest.raises(Invalid, match=problem):
        devices(device()).reader_of(adapter, [])


async def test_what_cannot_switch() -> None:
    clouds = {each.id: each for each in seed.simulated_adapters("http://sim")}
    made = devices(device(), Table(*clouds.values()))
    with pytest.raises(NotFound):
        await made.of(MINER)
    with pytest.raises(Invalid, match="can't switch"):
        await made.of(replace(MINER, adapter_id=seed.VRM_ADAPTER))
    for adapter in clouds.values():
        made.reader_of(adapter, [])
