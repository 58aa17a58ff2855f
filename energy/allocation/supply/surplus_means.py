"""The solar surplus of the last minutes: a start counts on ten, what runs is carried for twenty.

The surplus is remembered rather than the sun, because a kettle is no cloud and a throttled sun no
hole in it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from math import fsum

from energy.site.miners import SurplusSample

START_MEAN_S = 600.0
RUNNING_MEAN_S = 1_200.0
SAMPLE_S = 120.0
"""Cycles this close together share a sample."""

SurplusSamples = tuple[SurplusSample, ...]


def with_surplus(before: SurplusSamples, at: datetime, surplus_w: float | None) -> SurplusSamples:
    """The samples with this cycle's surplus taken in and old ones dropped.

    None adds nothing, and neither does an instant that was counted before.
    """
    oldest = at - timedelta(seconds=RUNNING_MEAN_S)
    kept = tuple(sample for sample in before if oldest < sample.at <= at)
    if surplus_w is None or (kept and at <= kept[-1].until):
        return kept
    if kept and (at - kept[-1].at).total_seconds() < SAMPLE_S:
        last = kept[-1]
        cycles = last.cycles + 1
        mean_w = round(last.mean_w + (surplus_w - last.mean_w) / cycles, 1)
        return (*kept[:-1], replace(last, until=at, mean_w=mean_w, cycles=cycles))
    return (*kept, SurplusSample(at=at, until=at, mean_w=round(surplus_w, 1)))


def mean_surplus_w(samples: SurplusSamples, at: datetime, window_s: float) -> float | None:
    """Mean over the last ``window_s`` seconds, W; None without a sample in it."""
    oldest = at - timedelta(seconds=window_s)
    recent = [sample for sample in samples if sample.at > oldest]
    cycles = sum(sample.cycles for sample in recent)
    if cycles <= 0:
        return None
    return fsum(sample.mean_w * sample.cycles for sample in recent) / cycles
