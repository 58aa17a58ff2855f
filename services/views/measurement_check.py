"""Health check of the measurements: the voltage in force, and values that are not believed."""

from __future__ import annotations

from uuid import UUID

from energy.measuring.measured import Measured, not_believed
from energy.wording import duration, volts
from services.clock import Clock
from services.memory.ports import MemoryStore
from services.sites.ports import SiteStore
from services.telemetry.snapshots import SnapshotBuilder
from services.views.records import CheckAnswer

ADVICE = (
    "Nothing starts on a voltage that is old or not believed. Check that its source measures and "
    "is connected; the text names the source that is used instead."
)


class MeasurementCheck:
    """A check of ``Health`` over every site with an enabled adapter."""

    def __init__(
        self, *, sites: SiteStore, snapshots: SnapshotBuilder, memory: MemoryStore, clock: Clock
    ) -> None:
        """The parts that the control loop measures with, too."""
        self._sites, self._snapshots = sites, snapshots
        self._memory, self._clock = memory, clock

    async def __call__(self) -> CheckAnswer:
        """The worst site gives the status; the detail names every site."""
        statements = [
            (system.name, await self._measured(system.id))
            for system in await self._sites.systems()
            if any(adapter.enabled for adapter in await self._sites.adapters(system.id))
        ]
        states = [_status(measured) for _, measured in statements]
        worst = next((state for state in ("down", "degraded") if state in states), "ok")
        details = [f"{name}: {_detail(measured)}" for name, measured in statements]
        return {
            "ok": worst == "ok",
            "status": worst,
            "detail": " ".join(details) or "Nothing is measured yet.",
            "advice": ADVICE,
        }

    async def _measured(self, system_id: UUID) -> Measured:
        memory = await self._memory.load(system_id)
        return (await self._snapshots.build(system_id, self._clock.now(), memory)).measured


def _status(measured: Measured) -> str:
    if measured.lost:
        return "down"
    return "degraded" if measured.stale or measured.notes else "ok"


def _detail(measured: Measured) -> str:
    voltage, age_s = measured.voltage, measured.voltage.age_s
    sentences = [voltage.reason] if voltage.reason else []
    if voltage.value is not None and age_s is not None:
        shown = f"{volts(voltage.value)} by {voltage.source}, {duration(age_s)} old."
        sentences.insert(0, f"battery voltage {shown}")
    sentences += [reason for reason in not_believed(measured) if reason not in voltage.reason]
    return " ".join(sentences)
