"""The kinds of sample: the record, the table and the list of devices of each."""

from __future__ import annotations

from dataclasses import dataclass, fields

from services.telemetry.records import BatterySample, EnergySample, LoadSample, Sample, ZoneSample

NOT_NUMBERS = frozenset({"device_id", "at", "state", "suspect"})
SWITCHES = frozenset({"is_on"})


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

    @property
    def listed(self) -> str:
        """A query of the devices of ``system_id`` with the adapter that reads them."""
        if self.name == "zone":
            return (
                "SELECT id, name AS source, 'cloud' AS link FROM hvac_zones"
                " WHERE system_id = %(system_id)s"
            )
        return (
            "SELECT d.id, a.name AS source, a.link"  # noqa: S608 - our own names
            f" FROM {self.devices} d JOIN adapters a ON a.id = d.adapter_id"
            " WHERE d.system_id = %(system_id)s"
        )


KINDS = (
    Kind(name="battery", cls=BatterySample, table="battery_bank_samples", devices="battery_packs"),
    Kind(name="energy", cls=EnergySample, table="energy_samples", devices="inverters"),
    Kind(name="load", cls=LoadSample, table="load_samples", devices="controlled_loads"),
    Kind(name="zone", cls=ZoneSample, table="zone_samples", devices="hvac_zones"),
)


def number(metric: str) -> str:
    """The column as a number."""
    return f"{metric}::int" if metric in SWITCHES else metric


def believed(metric: str) -> str:
    """The condition that a row's metric is there, not suspect, and a number that can be.

    Beyond a terawatt nothing is measured: such numbers overflow every sum.
    """
    return (
        f"{metric} IS NOT NULL AND NOT suspect ? '{metric}'"
        f" AND {number(metric)} BETWEEN -1e12 AND 1e12"
    )
