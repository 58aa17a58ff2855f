"""SolArk's JSON. The platform is undocumented and changes unannounced: everything is optional."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from integrations.lenient import Flag, Number, Payload, Text

MOST_INVERTERS, MOST_INPUTS, MOST_CURVES = 200, 50, 50
MOST_RECORDS = 3_000
"""A minute's curve of a day and its repeated hour have fewer points."""


def _rows(value: object) -> object:
    """The objects in a list; empty for anything else (``pv`` is null on most plants)."""
    rows = value if isinstance(value, list) else []
    return [row for row in rows[:MOST_INPUTS] if isinstance(row, dict)]


class SolArkEnvelope(Payload):
    """The envelope of every answer. A ``code`` other than 0 is an error, also with HTTP 200."""

    code: Number = None
    msg: Text = None
    data: object = None

    def error_text(self) -> str:
        """The platform's error in one line."""
        code = "no code" if self.code is None else f"code {self.code:g}"
        return f"{code}: {self.msg}" if self.msg else code


class Token(Payload):
    """A signed-in session; ``expires_in`` in seconds."""

    access_token: str = Field(min_length=1)
    refresh_token: Text = None
    expires_in: Number = None


class PvInput(Payload):
    """One array at an inverter's input, W."""

    power: Number = None


class FlowPayload(Payload):
    """The live flow: magnitudes in W, directions as flags, ``soc`` in %.

    ``pv`` lists the inputs one by one; some firmware fills it in place of ``pvPower``.
    """

    pv: Annotated[tuple[PvInput, ...], BeforeValidator(_rows)] = ()
    pv_power: Number = Field(default=None, alias="pvPower")
    batt_power: Number = Field(default=None, alias="battPower")
    grid_power: Number = Field(default=None, alias="gridOrMeterPower")
    load_power: Number = Field(default=None, alias="loadOrEpsPower")
    gen_power: Number = Field(default=None, alias="genPower")
    min_power: Number = Field(default=None, alias="minPower")
    soc: Number = None
    to_bat: Flag = Field(default=None, alias="toBat")
    bat_to: Flag = Field(default=None, alias="batTo")
    to_grid: Flag = Field(default=None, alias="toGrid")
    grid_to: Flag = Field(default=None, alias="gridTo")
    exists_gen: Flag = Field(default=None, alias="existsGen")
    gen_on: Flag = Field(default=None, alias="genOn")
    exists_min: Flag = Field(default=None, alias="existsMin")
    micro_on: Flag = Field(default=None, alias="microOn")


class Realtime(Payload):
    """The plant's totals; ``updateAt`` is when the inverter last reported.

    ``pac`` is the plant's present production in W, ``totalPower`` its size in kWp.
    """

    pac: Number = None
    total_power_kw: Number = Field(default=None, alias="totalPower")
    update_at: Text = Field(default=None, alias="updateAt")


class BatteryDetail(Payload):
    """The inverter's view of its battery. Sign: + discharging, the opposite of ours.

    ``bmsVolt`` and ``bmsTemp`` come from the battery's own BMS; ``time`` is often null.
    """

    time: Text = None
    voltage: Number = None
    temp: Number = None
    bms_volt: Number = Field(default=None, alias="bmsVolt")
    bms_temp: Number = Field(default=None, alias="bmsTemp")


class InverterPayload(Payload):
    """One inverter of a plant: its production in W and when it last reported."""

    sn: Text = None
    pac: Number = None
    update_at: Text = Field(default=None, alias="updateAt")


class Inverters(Payload):
    """The list of a plant's inverters."""

    infos: list[InverterPayload] = Field(default_factory=list, max_length=MOST_INVERTERS)


class DayRecord(Payload):
    """One point of a day curve; ``time`` is plant-local, ``HH:MM`` or with its date."""

    time: Text = None
    value: Number = None


class DayCurve(Payload):
    """One curve of a day: PV, Battery, SOC, Load or Grid."""

    label: Text = None
    unit: Text = None
    records: list[DayRecord] = Field(default_factory=list, max_length=MOST_RECORDS)


class Day(Payload):
    """All curves of a day."""

    infos: list[DayCurve] = Field(default_factory=list, max_length=MOST_CURVES)
