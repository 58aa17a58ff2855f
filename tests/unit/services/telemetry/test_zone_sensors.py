"""Which temperature a zone reads."""

from __future__ import annotations

from uuid import UUID

import pytest

from energy.site.loads import LoadKind, Zone
from services.sites.records import AdapterConfig, ControlledLoad
from services.telemetry.zone_sensors import sensors_of, told_by

SITE, ROOM, OTHER = UUID(int=1), UUID(int=2), UUID(int=3)
BANK, FAN, HEATER = UUID(int=4), UUID(int=5), UUID(int=6)
WITH_ADD_ON, PLAIN = UUID(int=7), UUID(int=8)


def adapter(adapter_id: UUID, **settings: str) -> AdapterConfig:
    return AdapterConfig(
        id=adapter_id, system_id=SITE, adapter_type="shelly_rpc", name="x", settings=settings
    )


def load(load_id: UUID, adapter_id: UUID) -> ControlledLoad:
    return ControlledLoad(
        id=load_id, system_id=SITE, adapter_id=adapter_id, name="x", kind=LoadKind.FAN
    )


@pytest.mark.parametrize(
    ("sensor", "expected"),
    [
        pytest.param(None, [ROOM], id="none: samples stored under its own id"),
        pytest.param(BANK, [BANK], id="the battery bank's"),
        pytest.param(FAN, [OTHER], id="a switch's add-on"),
        pytest.param(HEATER, [], id="a switch without one: its relay's is no room's"),
        pytest.param(UUID(int=99), [], id="no device of the site"),
    ],
)
def test_whose_samples(sensor: UUID | None, expected: list[UUID]) -> None:
    sensors = sensors_of(
        [{"id": BANK, "kind": "battery_pack"}],
        [load(FAN, WITH_ADD_ON), load(HEATER, PLAIN)],
        [adapter(WITH_ADD_ON, zone_id=str(OTHER)), adapter(PLAIN)],
    )
    zone = Zone(id=str(ROOM), name="Room", sensor_device_id=None if sensor is None else str(sensor))
    assert list(told_by(zone, sensors)) == expected
