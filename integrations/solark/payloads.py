"""SolArk's JSON. The platform is undocumented and changes unannounced: everything is optional."""

from __future__ import annotations

from pydantic import Field

from integrations.lenient import Flag, Number, Payload, Text


class Envelope(Payload):
    """What wraps every answer. ``code`` other than 0 is an error, whatever the HTTP status."""

    code: Number = None
    msg: Text = None
    data: object = None

    def said(self) -> str:
        """The platform's error in one line."""
        code = "no code" if self.code is None else f"code {self.code:g}"
        return f"{code}: {self.msg}" if self.msg else code


class Token(Payload):
    """A signed-in session; ``expires_in`` in seconds."""

    access_token: str = Field(min_length=1)
    refresh_token: Text = None
    expires_in: Number = None


class Flow(Payload):
    """The live flow: magnitudes in W, directions as flags, ``soc`` in %."""

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
    """The plant's totals; ``updateAt`` is when the inverter last reported."""

    update_at: Text = Field(default=None, alias="updateAt")


class BatteryDetail(Payload):
    """The inverter's view of its battery. Sign: + discharging, the opposite of ours."""

    voltage: Number = None
    temp: Number = None


class DayRecord(Payload):
    """One point of a day curve; ``time`` is plant-local, ``HH:MM`` or with its date."""

    time: Text = None
    value: Number = None


class DayCurve(Payload):
    """One curve of a day: PV, Battery, SOC, Load or Grid."""

    label: Text = None
    unit: Text = None
    records: list[DayRecord] = Field(default_factory=list)


class Day(Payload):
    """All curves of a day."""

    infos: list[DayCurve] = Field(default_factory=list)
