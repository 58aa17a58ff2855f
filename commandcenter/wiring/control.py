"""Deciding and switching, with database connections of their own."""

from __future__ import annotations

import time
from datetime import timedelta
from uuid import UUID

import structlog

from commandcenter.wiring.foundation import Foundation
from commandcenter.wiring.messages import Messages
from scheduler.jobs import Work
from services.actions.execution import Execution
from services.actions.open_actions import OpenActions
from services.actions.proposals import Proposals
from services.actions.records import EmergencyStop
from services.actions.safety_check import Judge
from services.alerting.alerts import Alerts
from services.control.asked_by_people import AskedByPeople
from services.control.command_dispatch import CommandDispatch
from services.control.control_loop import ControlLoop
from services.control.decision_retention import DecisionRetention
from services.control.emergency_stop import Announce, Emergency
from services.sites.vendor_pauses import VendorPauses
from services.telemetry.polling import Polling
from services.telemetry.rollup import Rollup

log = structlog.get_logger("commandcenter")


class Control:
    """Proposals, their execution, and the jobs of the scheduler."""

    def __init__(self, base: Foundation) -> None:
        """One safety check is shared, so that proposals and executions follow the same rules."""
        self._base = base
        stores = base.control
        self._pauses = VendorPauses(store=stores.pauses, clock=base.clock)
        judge = Judge(
            sites=stores.site,
            settings=stores.settings,
            telemetry=stores.telemetry,
            actions=stores.actions,
            emergency=stores.emergency_stops,
            memory=stores.memory,
            pauses=self._pauses,
        )
        self.proposals = Proposals(
            actions=stores.actions,
            sites=stores.site,
            settings=stores.settings,
            judge=judge,
            clock=base.clock,
            events=stores.events,
        )
        self.execution = Execution(
            actions=stores.actions,
            sites=stores.site,
            settings=stores.settings,
            telemetry=stores.telemetry,
            switches=base.devices,
            locks=stores.locks,
            judge=judge,
            clock=base.clock,
            events=stores.events,
            pauses=self._pauses,
            timer_faults=stores.timer_faults,
        )
        self.dispatch = CommandDispatch(execution=self.execution, clock=base.clock)

    def emergency(self, alerts: Alerts) -> Emergency:
        """The emergency stop; ``alerts`` notifies every channel of it."""
        stores = self._base.control
        return Emergency(
            store=stores.emergency_stops,
            sites=stores.site,
            proposals=self.proposals,
            execution=self.execution,
            clock=self._base.clock,
            events=stores.events,
            announce=_announce(alerts),
        )

    def work(self, messages: Messages) -> Work:
        """What each job of the scheduler does."""
        return Work(
            poll=self._polling().poll,
            control=self._loop().run_cycle,
            advance=OpenActions(proposals=self.proposals, execution=self.execution).advance,
            check_alerts=messages.alerts.check,
            roll_up=self._rollup().roll_recent,
            deliver=messages.outbox().deliver_due,
            retain=self._retain,
        )

    def _polling(self) -> Polling:
        stores = self._base.control
        return Polling(
            sites=stores.site,
            telemetry=stores.telemetry,
            reader_of=self._base.devices.reader_of,
            clock=self._base.clock,
            events=stores.events,
            pauses=self._pauses,
            stopwatch=time.monotonic,
        )

    def _loop(self) -> ControlLoop:
        stores = self._base.control
        return ControlLoop(
            snapshots=self._base.snapshots(stores),
            memory=stores.memory,
            cycles=stores.cycles,
            emergency=stores.emergency_stops,
            switching=self.proposals,
            dispatch=self.dispatch,
            asked=AskedByPeople(actions=stores.actions),
            clock=self._base.clock,
        )

    def _rollup(self) -> Rollup:
        stores = self._base.stores
        return Rollup(
            sites=stores.site,
            telemetry=stores.telemetry,
            settings=stores.settings,
            memory=stores.memory,
            clock=self._base.clock,
        )

    async def _retain(self) -> object:
        stores, settings, now = self._base.stores, self._base.settings, self._base.clock.now()
        decisions = DecisionRetention(
            sites=stores.site,
            decisions=stores.decisions,
            keep=timedelta(days=settings.decision_retention_days),
        )
        await stores.jobs.forget_cycles(now=now)
        for anchor in await decisions.apply(now):
            if not anchor.intact:
                log.error("decision_chain_broken", until=anchor.at.isoformat())
        return await stores.telemetry.apply_retention(
            now=now, raw_hours=settings.raw_retention_hours
        )


def _announce(alerts: Alerts) -> Announce:
    async def announce(system_id: UUID, _state: EmergencyStop) -> None:
        """The latch is an alert condition: checking at once notifies every channel."""
        await alerts.check(system_id)

    return announce
