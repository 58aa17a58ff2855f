"""The clear-sky model of each site, by its place and arrays; computed in a thread."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from energy.site.pv_array import PvArray
from forecasting.clear_sky import ClearSkyModel, geometry
from services.sites.records import System

AHEAD = timedelta(days=2)
"""Tables are computed this far ahead, because the reserve needs tonight and tomorrow."""

DAYS = 3

Key = tuple[float, float, tuple[PvArray, ...]]


class ClearSkies:
    """Implements the port ``Skies``: one model per place and arrays."""

    def __init__(self) -> None:
        """Nothing is computed before the first question."""
        self._models: dict[Key, ClearSkyModel] = {}

    async def of(self, system: System, at: datetime) -> ClearSkyModel | None:
        """The model of a system, ready for ``at``; None without arrays."""
        if not system.pv_arrays:
            return None
        key = (system.latitude, system.longitude, system.pv_arrays)
        model = self._models.get(key)
        if model is None:
            model = self._models[key] = sky_of(*key)
        if not (model.is_prepared(at) and model.is_prepared(at + AHEAD)):
            await asyncio.to_thread(model.prepare, at, days=DAYS)
        return model


def sky_of(latitude: float, longitude: float, arrays: tuple[PvArray, ...]) -> ClearSkyModel:
    """The clear sky over arrays at a place; several arrays sum."""
    return ClearSkyModel(*(geometry(latitude, longitude, array) for array in arrays))
