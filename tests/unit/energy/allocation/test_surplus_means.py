"""The surplus of the last minutes."""

from __future__ import annotations

from datetime import timedelta

from energy.allocation.supply.surplus_means import mean_surplus_w, with_surplus
from energy.site.miners import SurplusSample
from tests.fakes.sites.allocator_site import NOON

MINUTE = timedelta(minutes=1)
LATER = NOON + MINUTE


def minutes(*surplus_w: float | None) -> tuple[SurplusSample, ...]:
    samples: tuple[SurplusSample, ...] = ()
    for minute, watts in enumerate(surplus_w):
        samples = with_surplus(samples, NOON + timedelta(minutes=minute), watts)
    return samples


def test_two_minutes_share_a_sample() -> None:
    assert minutes(1_000.0, 2_000.0, 3_000.0) == (
        SurplusSample(at=NOON, until=LATER, mean_w=1_500.0, cycles=2),
        SurplusSample(at=LATER + MINUTE, until=LATER + MINUTE, mean_w=3_000.0),
    )


def test_twenty_minutes_are_kept() -> None:
    samples = minutes(*[1_000.0] * 60)
    assert len(samples) == 10
    assert samples[0].at == NOON + timedelta(minutes=40)


def test_an_unknown_surplus_adds_nothing() -> None:
    assert minutes(1_000.0, None, None) == (SurplusSample(at=NOON, until=NOON, mean_w=1_000.0),)


def test_the_mean_weighs_each_cycle_the_same() -> None:
    samples = minutes(1_000.0, 2_000.0, 6_000.0)
    at = NOON + timedelta(minutes=2)
    assert mean_surplus_w(samples, at, 1_200.0) == 3_000.0
    assert mean_surplus_w(samples, at, 60.0) == 6_000.0
    assert mean_surplus_w((), at, 1_200.0) is None


def test_a_clock_that_was_set_back_is_survived() -> None:
    hour = NOON + timedelta(hours=1)
    ahead = (SurplusSample(at=hour, until=hour, mean_w=9.0),)
    assert with_surplus(ahead, NOON, 1.0) == (SurplusSample(at=NOON, until=NOON, mean_w=1.0),)


def test_a_repeated_instant_is_counted_once() -> None:
    samples = minutes(1_000.0, 2_000.0)
    assert with_surplus(samples, LATER, 9_000.0) == samples
