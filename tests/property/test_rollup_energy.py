"""However time is cut, the pieces add up to the whole."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.energy_balance.rollup import integrate

START = datetime(2026, 6, 21, tzinfo=UTC)
SPAN_S = 7_200

samples = st.lists(
    st.tuples(
        st.integers(min_value=-900, max_value=SPAN_S + 900),
        st.one_of(st.none(), st.floats(min_value=-15_000, max_value=15_000)),
    ),
    max_size=60,
    unique_by=lambda sample: sample[0],
).map(lambda found: [(START + timedelta(seconds=s), value) for s, value in sorted(found)])


@settings(max_examples=80, deadline=None)
@given(points=samples, cut_s=st.integers(min_value=1, max_value=SPAN_S - 1))
def test_pieces_add_up(points: list[tuple[datetime, float | None]], cut_s: int) -> None:
    end, cut = START + timedelta(seconds=SPAN_S), START + timedelta(seconds=cut_s)
    whole = integrate(points, start=START, end=end)
    parts = [integrate(points, start=a, end=b) for a, b in ((START, cut), (cut, end))]
    assert sum(part.positive_h for part in parts) == pytest.approx(whole.positive_h, abs=1e-6)
    assert sum(part.negative_h for part in parts) == pytest.approx(whole.negative_h, abs=1e-6)
    assert sum(part.covered_s for part in parts) == pytest.approx(whole.covered_s)
    assert whole.covered_s + whole.missing_s == pytest.approx(SPAN_S)
    assert whole.positive_h >= 0
    assert whole.negative_h >= 0


@settings(max_examples=60, deadline=None)
@given(points=samples)
def test_never_more_than_the_extremes_allow(points: list[tuple[datetime, float | None]]) -> None:
    end = START + timedelta(seconds=SPAN_S)
    found = integrate(points, start=START, end=end)
    known = [value for _, value in points if value is not None]
    if found.mean is not None:
        assert min(known) - 1e-6 <= found.mean <= max(known) + 1e-6
