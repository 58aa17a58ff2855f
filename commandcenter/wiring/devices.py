"""Builds the vendors' adapters from their configuration; one client per host, kept."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from uuid import UUID

import httpx2

from energy.site.preferences import Preferences
from integrations.plausible import ANY_PLANT, Limits
from integrations.shelly.adapter import ShellyReader, ShellySwitch
from integrations.shelly.client import ShellyClient
from integrations.solark.adapter import SolArkReader
from integrations.solark.client import SolArkAccount, SolArkClient
from integrations.victron.adapter import VrmReader
from integrations.victron.client import VrmClient
from services.actions.ports import Switch
from services.clock import Clock
from services.errors import Invalid, NotFound, Unavailable
from services.sites.records import AdapterConfig, ControlledLoad
from services.stored import Json
from services.telemetry.ports import TelemetryReader

SENSOR = 100
"""Shelly's number of the first sensor of an add-on."""


Client = ShellyClient | SolArkClient | VrmClient
AdaptersOf = Callable[[UUID], Awaitable[Sequence[AdapterConfig]]]


class Devices:
    """Readers and switches by their configuration.

    One client per host, however many adapters and channels it has, because a device limits its
    clients and has one sign-in. A load's channel comes from the load's own record, for reading and
    for switching. Implements ``services.actions.ports.Switches``.
    """

    def __init__(self, *, http: httpx2.AsyncClient, clock: Clock, adapters_of: AdaptersOf) -> None:
        """``http`` is shared by all vendors; ``adapters_of`` reads a system's as stored now."""
        self._http, self._clock, self._adapters_of = http, clock, adapters_of
        self._configs: dict[UUID, AdapterConfig] = {}
        self._readers: dict[UUID, tuple[object, TelemetryReader]] = {}
        self._clients: dict[UUID, tuple[AdapterConfig, Client]] = {}
        self._shellies: dict[tuple[str, str | None, str | None], ShellyClient] = {}

    def reader_of(self, adapter: AdapterConfig, loads: Sequence[ControlledLoad]) -> TelemetryReader:
        """The reader of one adapter with the ``loads`` that hang on it.

        The reader is reused until its configuration changes, because it remembers earlier readings.

        Raises:
            Invalid: An unknown adapter type, or a setting that it needs is missing.
        """
        self._configs[adapter.id] = adapter
        channels = {load.channel: load.id for load in loads if load.adapter_id == adapter.id}
        key = (adapter, tuple(sorted(channels.items())))
        known = self._readers.get(adapter.id)
        if known is not None and known[0] == key:
            return known[1]
        with _named_after(adapter):
            reader = self._reader(adapter, channels)
        self._readers[adapter.id] = (key, reader)
        return reader

    async def of(self, load: ControlledLoad) -> Switch:
        """The switch of a controlled load, as its adapter is stored now.

        The adapter is read each time, so that a stop also reaches one that another process has
        added or changed. Without the database the last known one is used.

        Raises:
            NotFound: Its adapter is not configured.
            Invalid: Its adapter can't switch.
        """
        with contextlib.suppress(Unavailable):
            stored = await self._adapters_of(load.system_id)
            self._configs |= {adapter.id: adapter for adapter in stored}
        adapter = self._configs.get(load.adapter_id)
        if adapter is None:
            raise NotFound(kind="adapter of the load", key=load.name)
        with _named_after(adapter):
            client = self._client(adapter)
        if not isinstance(client, ShellyClient):
            raise Invalid([(load.name, f"its adapter {adapter.name} can't switch")])
        return ShellySwitch(client=client, clock=self._clock, channel=load.channel)

    def _reader(self, adapter: AdapterConfig, channels: Mapping[int, UUID]) -> TelemetryReader:
        settings, client = adapter.settings, self._client(adapter)
        match client:
            case SolArkClient():
                return SolArkReader(
                    client=client,
                    plant_id=int(settings["plant_id"]),
                    device_id=UUID(settings["device_id"]),
                    clock=self._clock,
                    timezone=settings.get("timezone", Preferences().timezone),
                    inverter_serial=settings.get("inverter_serial"),
                    limits=_limits(settings),
                )
            case VrmClient():
                instance = settings.get("instance")
                return VrmReader(
                    client=client,
                    site_id=int(settings["site_id"]),
                    device_id=UUID(settings["device_id"]),
                    clock=self._clock,
                    instance=None if instance is None else int(instance),
                    limits=_limits(settings),
                )
            case ShellyClient():
                zone = settings.get("zone_id")
                return ShellyReader(
                    client=client,
                    clock=self._clock,
                    loads=channels,
                    zones={} if zone is None else {SENSOR: UUID(zone)},
                )

    def _client(self, adapter: AdapterConfig) -> Client:
        known = self._clients.get(adapter.id)
        if known is not None and known[0] == adapter:
            return known[1]
        client = self._made(adapter)
        self._clients[adapter.id] = (adapter, client)
        return client

    def _made(self, adapter: AdapterConfig) -> Client:
        settings, secrets = adapter.settings, adapter.secrets
        match adapter.adapter_type:
            case "solark_cloud":
                account = SolArkAccount(
                    username=secrets["username"],
                    password=secrets["password"],
                    base_url=settings["base_url"],
                )
                return SolArkClient(http=self._http, account=account)
            case "victron_vrm":
                return VrmClient(
                    http=self._http, token=secrets["token"], base_url=settings["base_url"]
                )
            case "shelly_rpc":
                client = self._shelly(
                    settings["base_url"].rstrip("/"), secrets.get("password"), settings.get("mac")
                )
                client.expect(adapter.identity)
                return client
            case _:
                raise Invalid([("adapter_type", f"unknown type {adapter.adapter_type!r}")])

    def _shelly(self, base_url: str, password: str | None, mac: str | None) -> ShellyClient:
        key = (base_url, password, mac)
        if key not in self._shellies:
            self._shellies[key] = ShellyClient(
                http=self._http, base_url=base_url, password=password, mac=mac
            )
        return self._shellies[key]


@contextmanager
def _named_after(adapter: AdapterConfig) -> Iterator[None]:
    """Turns a missing or bad setting into ``Invalid`` with the adapter's name."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Invalid([(adapter.name, f"bad or missing setting {error}")]) from None


def _limits(settings: Json) -> Limits:
    """Plausibility limits for the configured plant size (``plant_power_w``)."""
    size_w = settings.get("plant_power_w")
    return ANY_PLANT if size_w is None else Limits(plant_w=float(size_w))
