"""The battery: now, over hours, and between voltage and state of charge."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from energy.battery.calibration import soc_pct, voltage_v
from tools.energy import Hours, Metric, series_summary
from tools.services import ToolScope, ToolServices
from tools.tool import Arguments, Document, NoArguments, Tool


class VoltageOrSoc(Arguments):
    """Either a voltage or a state of charge."""

    voltage_v: float | None = Field(default=None, ge=30, le=70, description="battery voltage, V")
    soc_pct: float | None = Field(default=None, ge=0, le=100, description="state of charge, %")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.voltage_v is None) == (self.soc_pct is None):
            raise ValueError("give exactly one of voltage_v and soc_pct")
        return self


def battery_status(services: ToolServices, scope: ToolScope) -> Tool[NoArguments]:
    """Voltage, rest voltage, SOC, current, power, temperature now."""

    async def handler(_: NoArguments) -> Document:
        now = await services.live.now(scope.system_id)
        owner = (await services.settings.preferences(scope.system_id)).value
        return {
            "battery": now["battery"],
            "sign": "current and power: + charging, - discharging",
            "thresholds_v": {
                "critical_low": owner.voltage_critical_low,
                "low": owner.voltage_low,
                "restart": owner.voltage_restart,
                "float": owner.voltage_float,
                "full": owner.voltage_full,
            },
            "capacity_wh": owner.battery_capacity_wh,
        }

    return Tool(
        name="battery_status",
        description="Battery now: voltage, rest voltage, SOC, current, power, temperature, age.",
        arguments=NoArguments,
        handler=handler,
        doing="reading the battery",
    )


def battery_history(services: ToolServices, scope: ToolScope) -> Tool[Hours]:
    """Lowest, highest and mean voltage, and the same of SOC, which is that of the rest voltage."""

    async def handler(asked: Hours) -> Document:
        hours = min(asked.hours, 168.0)
        summary = await series_summary(services, scope, Metric.VOLTAGE, hours, points=96)
        summary.pop("points", None)
        soc = (await services.history.statistics(scope.system_id, hours))["soc_pct"]
        return {"battery": "voltage history", **summary, "soc_pct": soc}

    return Tool(
        name="battery_history",
        description="Battery voltage over past hours: lowest, highest (with times), mean; SOC.",
        arguments=Hours,
        handler=handler,
        doing="reading battery history, {hours} h",
    )


def voltage_soc_convert(services: ToolServices, scope: ToolScope) -> Tool[VoltageOrSoc]:
    """The owner's calibration curve, both ways."""

    async def handler(asked: VoltageOrSoc) -> Document:
        owner = (await services.settings.preferences(scope.system_id)).value
        if asked.voltage_v is not None:
            return {"voltage_v": asked.voltage_v, "soc_pct": soc_pct(asked.voltage_v, owner)}
        share = asked.soc_pct if asked.soc_pct is not None else 0.0
        return {"soc_pct": share, "voltage_v": voltage_v(share, owner)}

    return Tool(
        name="voltage_soc_convert",
        description="Convert battery voltage to SOC % or back by the owner's calibration curve.",
        arguments=VoltageOrSoc,
        handler=handler,
        doing="converting between voltage and SOC",
    )
