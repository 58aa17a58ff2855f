"""The voltage of an hour: by the monitor, by the inverter where that was stale; none impossible."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from energy.measuring.voltage_series import in_force
from energy.site.preferences import Preferences

NOON = datetime(2026, 6, 21, 12, 0, tzinfo=UTC)


def points(*told: tuple[float, float | None]) -> list[tuple[datetime, float | None]]:
    """(minutes after noon, V)."""
    return [(NOON + timedelta(minutes=minutes), volts) for minutes, volts in told]


def test_the_inverter_stands_in_where_the_monitor_was_stale() -> None:
    monitor = points((10, 52.0), (13, None), (16, 0.0), (40, 51.0))
    inverter = points((5, 52.1), (18, 51.9), (20, 51.8), (21, 51.7), (38, 51.1), (41, 44.0))
    assert in_force(monitor, inverter, Preferences()) == points(
        (5, 52.1), (10, 52.0), (21, 51.7), (38, 51.1), (40, 51.0)
    )


def test_without_anything_there_is_nothing() -> None:
    assert in_force((), points((1, 1e308), (2, None)), Preferences()) == []
