"""What a controlled load last said of itself: on or off, watts, since when. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from energy.site.loads import draws_though_off
from services.sites.records import ControlledLoad
from services.telemetry.newest_values import Newest
from services.telemetry.records import Latest

LOAD_FRESH_S = 300.0
"""A switch that has said nothing for longer is unknown, which is not off; so are its watts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadState:
    """What a controlled load last said: state, watts, when, and since when the state holds.

    ``was_on`` is the last state that it told, however long ago; ``speed`` is that of a fan, tenths,
    None where its device can't set one. ``draws_though_off``: its switch says off and its meter
    that it draws: it is not stopped.
    """

    is_on: bool | None = None
    was_on: bool | None = None
    power_w: float | None = None
    measured_at: datetime | None = None
    since: datetime | None = None
    speed: int | None = None
    draws_though_off: bool = False

    @property
    def is_stopped(self) -> bool:
        """Whether it is known to be off, by its switch and by its meter."""
        return self.is_on is False and not self.draws_though_off

    @property
    def sets_speed(self) -> bool:
        """Whether the device can set a fan's speed: it tells the one that is set."""
        return self.speed is not None


def load_state(newest: Newest, load: ControlledLoad, at: datetime) -> LoadState:
    """What ``load`` says by its newest values at ``at``; unknown where they are old."""
    state = newest.get((load.id, "is_on"))
    power = newest.get((load.id, "power_w"))
    speed = newest.get((load.id, "speed"))
    if state is None:
        return LoadState()
    is_on = state.value > 0.0
    if not _is_fresh(state, at):
        return LoadState(was_on=is_on, measured_at=state.measured_at)
    power_w = _watts(power, state, at)
    return LoadState(
        is_on=is_on,
        was_on=is_on,
        power_w=power_w,
        measured_at=state.measured_at,
        since=state.unchanged_since if state.changed else None,
        speed=_of_the_same_reading(speed, state),
        draws_though_off=load.has_meter
        and draws_though_off(is_on=is_on, power_w=power_w, rated_w=load.rated_w),
    )


def unknown_now(state: LoadState) -> LoadState:
    """What is left of a state that is not known to be new."""
    return LoadState(was_on=state.was_on, measured_at=state.measured_at)


def _watts(power: Latest | None, state: Latest, at: datetime) -> float | None:
    """Fresh, and of this state: watts from before a switch say nothing of what it is now."""
    if power is None or not _is_fresh(power, at) or power.measured_at < state.unchanged_since:
        return None
    return power.value


def _is_fresh(latest: Latest, at: datetime) -> bool:
    """Whether a switch has said this a moment ago: a meter may fall silent before its relay."""
    return (at - latest.measured_at).total_seconds() <= LOAD_FRESH_S


def _of_the_same_reading(speed: Latest | None, state: Latest) -> int | None:
    """A speed that an earlier device at this place had is none of this one."""
    if speed is None or speed.measured_at != state.measured_at:
        return None
    return round(speed.value)
