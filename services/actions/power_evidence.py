"""Whether measured power confirms a command. Pure."""

from __future__ import annotations

from datetime import timedelta
from enum import Enum, auto

from energy.site.loads import LoadKind, is_standby
from energy.wording import watts
from services.sites.records import ControlledLoad

ON_SHARE = 0.5
"""A load that draws this share of its rated power counts as running."""

STEP_FROM_W = 500.0
"""The step of a smaller load cannot be told from the noise in the site's load, W.
"""

MINER_BOOTS_WITHIN = timedelta(minutes=12)
"""The longest boot is 8 min; joining the network may take a second attempt."""

QUICK = timedelta(minutes=1)
SITE_SHOWS_WITHIN = timedelta(minutes=10)
"""The inverter's load reading comes through a cloud, minutes later."""


class Evidence(Enum):
    """Whether power has followed the command, not yet, or cannot show it (``NONE``)."""

    FOLLOWS = auto()
    NOT_YET = auto()
    NONE = auto()


def evidence(
    load: ControlledLoad, power_w: float | None, *, target_on: bool, step_w: float | None
) -> Evidence:
    """Whether the measured power confirms the relay's state.

    Args:
        load: With its rated power.
        power_w: The switch's own meter; None without one.
        target_on: The state that the relay shows.
        step_w: How much the site's load has risen since the command, W: it stands in where the
            switch has no meter; None while there is no later reading.
    """
    if metered(load, power_w) and power_w is not None:
        return _answer(_meter_follows(load, power_w, target_on=target_on))
    if step_w is None or load.rated_w < STEP_FROM_W:
        return Evidence.NONE
    return _answer((step_w if target_on else -step_w) >= ON_SHARE * load.rated_w)


def metered(load: ControlledLoad, power_w: float | None) -> bool:
    """Whether the switch's own meter gives the power."""
    return load.has_meter and power_w is not None


def follow_within(load: ControlledLoad, power_w: float | None, *, target_on: bool) -> timedelta:
    """How long the watts may take: only a start has a boot before it."""
    if load.kind is LoadKind.MINER and target_on:
        return MINER_BOOTS_WITHIN
    if metered(load, power_w):
        return QUICK
    return SITE_SHOWS_WITHIN if load.rated_w >= STEP_FROM_W else timedelta(0)


def shown(power_w: float | None) -> str:
    """The meter's reading in words."""
    return "no meter" if power_w is None else watts(power_w)


def _meter_follows(load: ControlledLoad, power_w: float, *, target_on: bool) -> bool:
    if target_on:
        return power_w >= ON_SHARE * load.rated_w
    return is_standby(power_w, load.rated_w)


def _answer(follows: bool) -> Evidence:  # noqa: FBT001 - the answer itself
    return Evidence.FOLLOWS if follows else Evidence.NOT_YET
