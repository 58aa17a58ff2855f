"""Sums of one local day of a replay."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from simulator.replay.outcome import ReplayDay


class DaySums:
    """Running sums of one local day."""

    def __init__(self, at_s: float, zone: ZoneInfo) -> None:
        """Open the local day that ``at_s`` lies in."""
        local = datetime.fromtimestamp(at_s, zone)
        self.date = local.date().isoformat()
        following = local.date() + timedelta(days=1)
        midnight = datetime(following.year, following.month, following.day, tzinfo=zone)
        self.ends_s = midnight.timestamp()
        self.pv_wh = self.load_wh = self.miners_wh = self.curtailed_wh = 0.0
        self.unserved_wh = self.unserved_without_miners_wh = 0.0
        self.lowest_v, self.lowest_soc, self.highest_soc = 1e9, 1.0, 0.0
        self.lowest_soc_without_miners = 1.0

    def close(self) -> ReplayDay:
        """The day's outcome."""
        return ReplayDay(
            date=self.date,
            pv_kwh=self.pv_wh / 1_000.0,
            load_kwh=self.load_wh / 1_000.0,
            miners_kwh=self.miners_wh / 1_000.0,
            curtailed_kwh=self.curtailed_wh / 1_000.0,
            unserved_kwh=self.unserved_wh / 1_000.0,
            unserved_without_miners_kwh=self.unserved_without_miners_wh / 1_000.0,
            lowest_voltage_v=self.lowest_v,
            lowest_soc_pct=self.lowest_soc * 100.0,
            highest_soc_pct=self.highest_soc * 100.0,
            lowest_soc_without_miners_pct=self.lowest_soc_without_miners * 100.0,
        )
