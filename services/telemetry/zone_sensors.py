"""Which device's samples give a zone's temperature. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from energy.site.loads import Zone
from services.sites.records import AdapterConfig, ControlledLoad
from services.stored import Json


def sensors_of(
    devices: Sequence[Json], loads: Sequence[ControlledLoad], adapters: Sequence[AdapterConfig]
) -> Mapping[str, Sequence[UUID]]:
    """Device ids of the samples with each sensor's temperature, by the id of the sensor's device.

    A bank or inverter gives its own. The add-on sensor of a switch is stored under the zone that
    its adapter names, because the switch's own temperature is that of its relay, not of a room.
    """
    zones = {adapter.id: adapter.settings.get("zone_id") for adapter in adapters}
    sources: dict[str, Sequence[UUID]] = {
        str(device["id"]): (UUID(str(device["id"])),) for device in devices
    }
    for load in loads:
        zone = zones.get(load.adapter_id)
        sources[str(load.id)] = () if zone is None else (UUID(zone),)
    return sources


def told_by(zone: Zone, sensors: Mapping[str, Sequence[UUID]]) -> Sequence[UUID]:
    """Device ids whose temperature a zone reads: its sensor's, or without one those stored as its
    own.

    Empty where the sensor is no device of the site: the zone then has no temperature.
    """
    if zone.sensor_device_id is None:
        return (UUID(zone.id),)
    return sensors.get(zone.sensor_device_id, ())
