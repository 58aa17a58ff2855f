"""Notes which switches do not keep their dead-man timer, by what they report of it."""

from __future__ import annotations

from energy.safety.dead_man import keeps_timer
from services.actions.ports import TimerFaultStore
from services.actions.records import SwitchStatus, TimerFault
from services.clock import Clock
from services.sites.records import ControlledLoad


class DeadManTimers:
    """Compares the timer that was asked for with the one that runs. It commands nothing: a switch
    that ignores its timer would ignore it again.
    """

    def __init__(self, *, faults: TimerFaultStore, clock: Clock) -> None:
        """``faults`` is what health and alerts read."""
        self._faults, self._clock = faults, clock

    async def compare(
        self, load: ControlledLoad, asked_s: float | None, status: SwitchStatus
    ) -> None:
        """Note what ``status``, read after a timer of ``asked_s`` was set, says of it."""
        if asked_s is None or not load.has_timer or not status.is_on:
            return
        known = {fault.load_id for fault in await self._faults.faults(load.system_id)}
        kept = keeps_timer(asked_s, status.auto_off_in_s)
        if kept and load.id in known:
            await self._faults.clear(load.id)
        if not kept and load.id not in known:
            await self._faults.keep(
                TimerFault(
                    load_id=load.id,
                    since=self._clock.now(),
                    asked_s=asked_s,
                    reported_s=status.auto_off_in_s,
                )
            )
