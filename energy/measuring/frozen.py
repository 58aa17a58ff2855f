"""Frozen sources: judged per source, by values that cannot stay constant.

A cloud that has lost its site goes on answering the last values with new timestamps. Powers and
currents are noisy: a source that measures never repeats all of them to the last digit over several
new stamps. A voltage alone may stay constant for hours, because a charger holds it or because a
coarse sensor reads a LiFePO4 bank on its plateau.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from energy.site.snapshot import Reading, Snapshot
from energy.wording import duration, watts

FROZEN_AFTER_S = 590.0
"""A source is frozen when all its powers and currents repeat for this long, s: a few new stamps, 2
to 5 min apart, so that it is noticed within 15 min.
"""

VOLTAGE_ONLY_FROZEN_AFTER_S = 3_600.0
"""A source with a voltage only is frozen after this time, unless another sensor agrees, s."""

MOVING_WITHIN_S = 900.0
"""Another reading that has changed within this time counts as moving, s."""

AGREE_V = 0.5
"""Two sensors of one bank differ by the drop in the cables between them, V."""

OWN_STEP_W = 1_000.0
"""A change of our own metered loads that must show in the load or battery readings, W."""

Frozen = Mapping[str, str]
"""Source → why it is frozen, as a clause."""

NOTHING_FROZEN: Frozen = {}

Stuck = tuple[tuple[str, datetime], ...]
"""Sources that did not show a switch of our loads, and since when that is known."""


def frozen_sources(snapshot: Snapshot, stuck: Stuck) -> tuple[Frozen, Stuck]:
    """The frozen sources, each with its reason, and those that did not show a switch of our loads.

    ``stuck`` is the second value of the last cycle: such a source stays frozen until one of its
    values changes, also when the load is switched back.
    """
    noisy = snapshot.noisy
    if not stuck and not _anything_stands(noisy):
        return NOTHING_FROZEN, ()
    frozen: dict[str, str] = {}
    known, kept = dict(stuck), []
    for source in dict.fromkeys(reading.source for reading in noisy):
        carrying = [reading for reading in snapshot.carrying if reading.source == source]
        why = _stood_through_a_step(carrying)
        since = known.get(source)
        if why is None and since is not None and _still_since(carrying, snapshot.at, since):
            why = "it showed nothing of a switch of ours and has not moved since"
        if why is not None:
            kept.append((source, snapshot.at if since is None else since))
        else:
            why = _all_stand([reading for reading in noisy if reading.source == source])
        if why is not None:
            frozen[source] = why
    return frozen, tuple(kept)


def _anything_stands(noisy: Sequence[Reading]) -> bool:
    """Whether any value repeats at all: a quick check for every cycle (a plain loop takes half the
    time of ``any``).
    """
    for reading in noisy:
        if reading.unchanged_s >= FROZEN_AFTER_S or reading.stood_through_w >= OWN_STEP_W:
            return True
    return False


def why_voltage_stands(reading: Reading, snapshot: Snapshot) -> str | None:
    """Why the voltage of a source without powers and currents is frozen, as a clause; None if not.

    It is frozen when it stays constant while other readings change and no second sensor confirms
    it.
    """
    if reading.unchanged_s < VOLTAGE_ONLY_FROZEN_AFTER_S:
        return None
    if any(other.source == reading.source for other in snapshot.noisy):
        return None
    others = [other for other in (*snapshot.noisy, *snapshot.voltages) if other is not reading]
    moving = any(other.unchanged_s < MOVING_WITHIN_S for other in others)
    if not moving or _confirmed(reading, snapshot.voltages):
        return None
    return f"its voltage has stood for {duration(reading.unchanged_s)} while others move"


def _stood_through_a_step(carrying: Sequence[Reading]) -> str | None:
    """Why a source is frozen that did not show a change of our own loads; None if it did. Zeros do
    not count: the battery current may stay zero where the grid feeds the loads.
    """
    steps = [reading.stood_through_w for reading in carrying if reading.value != 0.0]
    if not steps or min(steps) < OWN_STEP_W:
        return None
    return f"our own loads changed by {watts(min(steps))} and it showed nothing of it"


def _still_since(carrying: Sequence[Reading], at: datetime, since: datetime) -> bool:
    """Whether no value has changed in a sample taken after ``since``."""
    age_s = (at - since).total_seconds()
    not_zero = [reading for reading in carrying if reading.value != 0.0]
    return bool(not_zero) and all(
        reading.age_s + reading.unchanged_s >= age_s for reading in not_zero
    )


def _all_stand(noisy: Sequence[Reading]) -> str | None:
    """Why a source is frozen whose values all repeat; zeros alone prove nothing, as PV at night."""
    not_zero = [reading.unchanged_s for reading in noisy if reading.value != 0.0]
    if not not_zero or any(reading.unchanged_s < FROZEN_AFTER_S for reading in noisy):
        return None
    return f"all that it measures has stood still for {duration(min(not_zero))}"


def _confirmed(reading: Reading, voltages: Sequence[Reading]) -> bool:
    """Whether another recent voltage of the bank agrees."""
    return any(
        other is not reading
        and max(other.age_s, reading.age_s) <= MOVING_WITHIN_S
        and abs(other.value - reading.value) <= AGREE_V
        for other in voltages
    )
