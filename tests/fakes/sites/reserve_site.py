"""Settings and skies for the stories of the night reserve."""

from __future__ import annotations

from energy.site.preferences import Preferences
from energy.site.snapshot import Sky

DEFAULTS = Preferences()
SMALL = Preferences(battery_capacity_wh=10_000.0, soc_minimum_pct=20.0)
NIGHT = Sky(night_hours=10.0)
