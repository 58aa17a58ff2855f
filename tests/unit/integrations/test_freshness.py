"""Freshness comes from the payload's own time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from integrations.freshness import AHEAD, from_epoch_s, from_iso, measured_at
from integrations.vendor_calls import Call
from services.errors import VendorError

NOW = datetime(2026, 4, 3, 16, 40, tzinfo=UTC)
CALL = Call(vendor="Acme", name="read")


@pytest.mark.parametrize(
    ("stamp", "at"),
    [
        pytest.param(NOW - timedelta(days=2), NOW - timedelta(days=2), id="old stays old"),
        pytest.param(NOW, NOW, id="now"),
        pytest.param(NOW + AHEAD, NOW, id="a little ahead is now"),
    ],
)
def test_measured_at(stamp: datetime, at: datetime) -> None:
    assert measured_at(stamp, now=NOW, call=CALL) == at


def test_a_clock_far_ahead_is_not_believed() -> None:
    with pytest.raises(VendorError, match="its clock runs 301 s ahead"):
        measured_at(NOW + timedelta(seconds=301), now=NOW, call=CALL)


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("2026-04-03T16:40:00Z", NOW),
        ("2026-04-03T16:40:00.000+00:00", NOW),
        ("2026-04-03T09:40:00-07:00", NOW),
        ("2026-04-03 16:40:00", None),
        ("yesterday", None),
        (None, None),
    ],
)
def test_iso(sent: str | None, read: datetime | None) -> None:
    assert from_iso(sent) == read


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (NOW.timestamp(), NOW),
        (0.0, None),
        (-5.0, None),
        (None, None),
        (1e18, None),
    ],
)
def test_epoch(sent: float | None, read: datetime | None) -> None:
    assert from_epoch_s(sent) == read
