"""The kinds of sample: the record, the table and the list of devices of each."""

from __future__ import annotations

from dataclasses import dataclass, fields

from services.telemetry.records import BatterySample, EnergySample, LoadSample, Sample, ZoneSample

NOT_NUMBERS = frozenset({"device_id", "at", "state", "suspect"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of sample: its record, its table, and where its devices are listed."""

    name: str
    cls: type[Sample]
    table: str
    devices: str

    @property
    def columns(self) -> list[str]:
        """Every column, in the order of the record's fields."""
        return [field.name for field in fields(self.cls)]

    @property
    def metrics(self) -> list[str]:
        """The numeric columns; booleans count as 0 and 1."""
        return [name for name in self.columns if name not in NOT_NUMBERS]


KINDS = (
    Kind(name="battery", cls=BatterySample, table="battery_bank_samples", devices="battery_packs"),
    Kind(name="energy", cls=EnergySample, table="energy_samples", devices="inverters"),
    Kind(name="load", cls=LoadSample, table="load_samples", devices="controlled_loads"),
    Kind(name="zone", cls=ZoneSample, table="zone_samples", devices="hvac_zones"),
)
