"""Builds the vendors' adapters from their configuration; one client per device, kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx2

from energy.site.preferences import Preferences
from integrations.shelly.adapter import ShellyReader, ShellySwitch
from integrations.shelly.client import ShellyClient
from integrations.solark.adapter import SolArkReader
from integrations.solark.client import SolArkAccount, SolArkClient
from integrations.victron.adapter import VrmReader
from integrations.victron.client import VrmClient
from services.actions.ports import Switch
from services.clock import Clock
from services.errors import Invalid, NotFound
from services.sites.records import AdapterConfig, ControlledLoad
from services.telemetry.ports import TelemetryReader

SENSOR = 100
"""The number that Shelly gives to the first sensor of an add-on."""


class Devices:
    """Readers and switches by their configuration.

    Implements ``services.actions.ports.Switches``.
    """

    def __init__(self, *, http: httpx2.AsyncClient, clock: Clock) -> None:
        """``http`` is shared by all vendors."""
        self._http, self._clock = http, clock
        self._known: dict[UUID, tuple[AdapterConfig, Any]] = {}
        self._configs: dict[UUID, AdapterConfig] = {}

    def configure(self, adapters: list[AdapterConfig]) -> None:
        """Take over the adapters as they are configured now."""
        self._configs = {adapter.id: adapter for adapter in adapters}

    def reader_of(self, adapter: AdapterConfig) -> TelemetryReader:
        """The reader of one adapter.

        Raises:
            Invalid: An unknown adapter type, or a setting that it needs is missing.
        """
        self._configs[adapter.id] = adapter
        reader: TelemetryReader = self._made(adapter)[0]
        return reader

    def of(self, load: ControlledLoad) -> Switch:
        """The switch of a controlled load.

        Raises:
            NotFound: Its adapter is not configured.
            Invalid: Its adapter can't switch.
        """
        adapter = self._configs.get(load.adapter_id)
        if adapter is None:
            raise NotFound(kind="adapter of the load", key=load.name)
        client = self._made(adapter)[1]
        if not isinstance(client, ShellyClient):
            raise Invalid([(load.name, f"its adapter {adapter.name} can't switch")])
        return ShellySwitch(client=client, clock=self._clock, channel=load.channel)

    def _made(self, adapter: AdapterConfig) -> tuple[Any, Any]:
        known = self._known.get(adapter.id)
        if known is not None and known[0] == adapter:
            return known[1]  # type: ignore[no-any-return]  # pairs of a reader and its client
        maker = _MAKERS.get(adapter.adapter_type)
        if maker is None:
            raise Invalid([("adapter_type", f"unknown type {adapter.adapter_type!r}")])
        try:
            made = maker(adapter, self._http, self._clock)
        except (KeyError, ValueError) as error:
            raise Invalid([(adapter.name, f"bad or missing setting {error}")]) from None
        self._known[adapter.id] = (adapter, made)
        return made


def _solark(adapter: AdapterConfig, http: httpx2.AsyncClient, clock: Clock) -> tuple[Any, Any]:
    settings, secrets = adapter.settings, adapter.secrets
    client = SolArkClient(
        http=http,
        account=SolArkAccount(
            username=secrets["username"],
            password=secrets["password"],
            base_url=settings["base_url"],
        ),
    )
    reader = SolArkReader(
        client=client,
        plant_id=int(settings["plant_id"]),
        device_id=UUID(settings["device_id"]),
        clock=clock,
        timezone=settings.get("timezone", Preferences().timezone),
        inverter_serial=settings.get("inverter_serial"),
    )
    return reader, client


def _vrm(adapter: AdapterConfig, http: httpx2.AsyncClient, clock: Clock) -> tuple[Any, Any]:
    settings = adapter.settings
    client = VrmClient(http=http, token=adapter.secrets["token"], base_url=settings["base_url"])
    reader = VrmReader(
        client=client,
        site_id=int(settings["site_id"]),
        device_id=UUID(settings["device_id"]),
        clock=clock,
    )
    return reader, client


def _shelly(adapter: AdapterConfig, http: httpx2.AsyncClient, clock: Clock) -> tuple[Any, Any]:
    settings = adapter.settings
    client = ShellyClient(
        http=http, base_url=settings["base_url"], password=adapter.secrets.get("password")
    )
    zone = settings.get("zone_id")
    reader = ShellyReader(
        client=client,
        clock=clock,
        loads={int(settings.get("channel", 0)): UUID(settings["load_id"])},
        zones={} if zone is None else {SENSOR: UUID(zone)},
    )
    return reader, client


_MAKERS: dict[str, Callable[[AdapterConfig, httpx2.AsyncClient, Clock], tuple[Any, Any]]] = {
    "solark_cloud": _solark,
    "victron_vrm": _vrm,
    "shelly_rpc": _shelly,
}
