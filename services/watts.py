"""When the watts of a switched load count as having followed. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import assert_never

from energy.loads import LoadKind
from services.records import ControlledLoad, SwitchStatus

ON_SHARE = 0.5
OFF_SHARE = 0.05
OFF_FLOOR_W = 15.0


def watts_follow(load: ControlledLoad, status: SwitchStatus, *, target_on: bool) -> bool:
    """Whether the meter shows what the state promises; without a meter the state has to do."""
    if not load.has_meter or status.power_w is None:
        return True
    if target_on:
        return status.power_w >= ON_SHARE * load.rated_w
    return status.power_w <= max(OFF_FLOOR_W, OFF_SHARE * load.rated_w)


def follow_within(load: ControlledLoad) -> timedelta:
    """How long the watts may take: a miner boots for minutes, everything else follows at once."""
    match load.kind:
        case LoadKind.MINER:
            return timedelta(minutes=12)
        case LoadKind.HEATER | LoadKind.FAN:
            return timedelta(minutes=1)
        case _ as never:
            assert_never(never)
