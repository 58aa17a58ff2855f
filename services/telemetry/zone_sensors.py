"""Which samples a zone's temperature comes from. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from energy.site.loads import Zone
from services.sites.records import AdapterConfig, ControlledLoad
from services.stored import Json


def sensors_of(
    devices: Sequence[Json], loads: Sequence[ControlledLoad], adapters: Sequence[AdapterConfig]
) -> Mapping[str, Sequence[UUID]]:
    """Whose samples a sensor gives, by the id of the device that it is part of.

    A bank's or an inverter's own. The add-on of a switch is told as the zone that its adapter
    names; the switch's own temperature is that of its relay, not of a room.
    """
    zones = {adapter.id: adapter.settings.get("zone_id") for adapter in adapters}
    told: dict[str, Sequence[UUID]] = {
        str(device["id"]): (UUID(str(device["id"])),) for device in devices
    }
    for load in loads:
        zone = zones.get(load.adapter_id)
        told[str(load.id)] = () if zone is None else (UUID(zone),)
    return told


def told_by(zone: Zone, sensors: Mapping[str, Sequence[UUID]]) -> Sequence[UUID]:
    """Whose temperature a zone reads: its sensor's, or without one what is told as its own.

    A sensor that is no device of the site tells nothing: the zone is without a temperature.
    """
    if zone.sensor_device_id is None:
        return (UUID(zone.id),)
    return sensors.get(zone.sensor_device_id, ())
