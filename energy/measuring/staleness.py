"""Ages from which a reading is too old, by the link (local or cloud) it came over."""

from __future__ import annotations

from energy.site.preferences import Preferences
from energy.site.snapshot import Link, Reading


def stale_after_s(reading: Reading, preferences: Preferences) -> float:
    """Age from which a reading counts as missing, s."""
    local = reading.link is Link.LOCAL
    return preferences.stale_after_local_s if local else preferences.stale_after_s


def failsafe_after_s(reading: Reading, preferences: Preferences) -> float:
    """Age of the battery voltage from which everything stops, s."""
    local = reading.link is Link.LOCAL
    return preferences.failsafe_after_local_s if local else preferences.failsafe_after_s
