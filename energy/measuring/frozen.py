"""Which sources repeat themselves: judged per source, by what cannot stand still.

A cloud that has lost its site goes on to answer with moving timestamps and the last values. Powers
and currents are noisy: all of them to the last digit over several new stamps never happens to a
source that measures. A voltage alone may stand for hours: a charger holds it, a coarse sensor shows
it on the plateau of a LiFePO4 bank.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from energy.site.snapshot import Reading, Snapshot
from energy.wording import duration, watts

FROZEN_AFTER_S = 590.0
"""With all noisy values of a source standing this long it is frozen, s: a few new stamps (2 to
5 min apart), and found within 15 min.
"""

VOLTAGE_ONLY_FROZEN_AFTER_S = 3_600.0
"""A source that tells nothing but a voltage is frozen after this time, unless another agrees, s."""

MOVING_WITHIN_S = 900.0
"""Another reading that has changed within this time counts as moving, s."""

AGREE_V = 0.5
"""Two sensors of one bank differ by the drop in the cables between them, V."""

OWN_STEP_W = 1_000.0
"""A change of our own metered loads that neither load nor current can stand through, W."""

Frozen = Mapping[str, str]
"""Source → why it is frozen, as a clause."""

NOTHING_FROZEN: Frozen = {}

Stuck = tuple[tuple[str, datetime], ...]
"""Sources that stood through a switch of ours, and since when that is known."""


def frozen_sources(snapshot: Snapshot, stuck: Stuck) -> tuple[Frozen, Stuck]:
    """The sources whose powers and currents repeat themselves, and which of them are stuck.

    ``stuck`` is what the last cycle handed back: a source that stood through a switch of ours stays
    frozen until a value of it moves, also when the switch goes back.
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
    """Whether there is anything to look into: almost never, and every cycle asks (a plain loop is
    half the time of ``any``).
    """
    for reading in noisy:
        if reading.unchanged_s >= FROZEN_AFTER_S or reading.stood_through_w >= OWN_STEP_W:
            return True
    return False


def why_voltage_stands(reading: Reading, snapshot: Snapshot) -> str | None:
    """Why the voltage of a source that tells no power and no current is frozen; None if it isn't.

    It stands while others move, and no second sensor of the bank confirms it.
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
    """Neither load nor current has moved while our own loads changed. A current of zero may stand
    where the grid carries them.
    """
    steps = [reading.stood_through_w for reading in carrying if reading.value != 0.0]
    if not steps or min(steps) < OWN_STEP_W:
        return None
    return f"our own loads changed by {watts(min(steps))} and it showed nothing of it"


def _still_since(carrying: Sequence[Reading], at: datetime, since: datetime) -> bool:
    """Whether no value has moved in a sample that was taken after ``since``."""
    age_s = (at - since).total_seconds()
    telling = [reading for reading in carrying if reading.value != 0.0]
    return bool(telling) and all(
        reading.age_s + reading.unchanged_s >= age_s for reading in telling
    )


def _all_stand(mine: Sequence[Reading]) -> str | None:
    """Zeros alone prove nothing: at night the sun stands at zero."""
    telling = [reading.unchanged_s for reading in mine if reading.value != 0.0]
    if not telling or any(reading.unchanged_s < FROZEN_AFTER_S for reading in mine):
        return None
    return f"all that it measures has stood still for {duration(min(telling))}"


def _confirmed(reading: Reading, voltages: Sequence[Reading]) -> bool:
    """Whether another recent voltage of the bank tells the same."""
    return any(
        other is not reading
        and max(other.age_s, reading.age_s) <= MOVING_WITHIN_S
        and abs(other.value - reading.value) <= AGREE_V
        for other in voltages
    )
