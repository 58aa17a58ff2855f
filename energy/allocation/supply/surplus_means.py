"""Means of the solar surplus: 10 min for a start, 20 min for running loads.

The surplus is remembered rather than PV power, because the base load changes it as much as clouds
do, and because throttled PV is no lack of sun.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from math import fsum

from energy.site.miners import SurplusSample

START_MEAN_S = 600.0
RUNNING_MEAN_S = 1_200.0
SAMPLE_S = 120.0
"""Cycles within this time share one sample, s."""

SurplusSamples = tuple[SurplusSample, ...]


def with_surplus(before: SurplusSamples, at: datetime, surplus_w: float | None) -> SurplusSamples:
    """The samples with this cycle's surplus (W) added and old ones dropped.

    A surplus of None adds nothing, nor does an instant that was counted before.
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
