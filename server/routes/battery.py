"""The battery's calibration."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from energy.battery.calibration import soc_pct, voltage_v
from server.auth import ChosenSite, Container, Reader
from server.described import DescribedRoute
from server.schemas.now import Conversion
from services.errors import Invalid

router = APIRouter(prefix="/battery", tags=["battery"], route_class=DescribedRoute)


@router.get("/convert")
async def convert(
    services: Container,
    site: ChosenSite,
    _: Reader,
    voltage: Annotated[float | None, Query(ge=0, le=1_000, allow_inf_nan=False)] = None,
    soc: Annotated[float | None, Query(ge=0, le=100, allow_inf_nan=False)] = None,
) -> Conversion:
    """Voltage to state of charge or back, by the owner's calibration curve."""
    preferences = (await services.settings.preferences(site.id)).value
    if (voltage is None) == (soc is None):
        raise Invalid([("", "give either voltage or soc")])
    if voltage is not None:
        return Conversion(voltage_v=voltage, soc_pct=soc_pct(voltage, preferences))
    percent = 0.0 if soc is None else soc
    return Conversion(voltage_v=voltage_v(percent, preferences), soc_pct=percent)
