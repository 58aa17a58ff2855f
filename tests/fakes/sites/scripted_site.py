"""The reference site on scripted switches: noon of a summer day, numbers given by the test."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from commandcenter.wiring import seed
from energy.site.loads import Actor
from energy.site.preferences import ControlLevel
from energy.site.reference_site import REFERENCE_ZONES
from services.actions.records import Action, ActionStatus, SwitchProposal
from services.actions.side_by_side import SideBySide
from services.telemetry.ports import SkyModel
from services.telemetry.records import BatterySample, EnergySample, LoadSample, Sample, ZoneSample
from tests.fakes.clock import EPOCH, SteppingClock
from tests.fakes.scripted_switch import Mode, ScriptedSwitch, ScriptedSwitches
from tests.fakes.sites.reference_site import SYSTEM_ID, Loop
from tests.fakes.stores.all_stores import InMemoryStores

PRIMARY, DUMP = seed.PRIMARY.load_id, seed.DUMP.load_id
FAN, HEATER = seed.FAN_1.load_id, seed.HEATER_1.load_id
HEAT_ROOM, MAIN_ROOM = (UUID(zone.id) for zone in REFERENCE_ZONES)


def patient(clock: SteppingClock, patience_s: float | None) -> dict[str, Any]:
    if patience_s is None:
        return {}
    beside = SideBySide(clock=clock, patience_s=patience_s, patience_wall_s=patience_s)
    return {"beside": beside, "answer_wall_s": 0.6 * patience_s}


class ScriptedSite:
    """Stores, switches and the loop. ``await see(…)`` is a poll of everything."""

    def __init__(
        self, *, sky: SkyModel | None = None, speed: float = 1.0, patience_s: float | None = None
    ) -> None:
        """With ``patience_s`` (wall) callers wait only so long for a device, in place of 20 s."""
        self.clock = SteppingClock(EPOCH, speed=speed)
        self.stores = InMemoryStores(clock=self.clock)
        self.switches = {
            load.load_id: ScriptedSwitch(clock=self.clock, watts=load.rated_w)
            for load in seed.LOADS
        }
        self.loop = Loop(
            stores=self.stores,
            clock=self.clock,
            switches=ScriptedSwitches(self.switches),
            sky=sky,
            **patient(self.clock, patience_s),
        )

    @property
    def primary(self) -> ScriptedSwitch:
        return self.switches[PRIMARY]

    async def set_up(self, *, seen: bool = True) -> ScriptedSite:
        await seed.seed_simulated_site(
            seed.Stores(
                site=self.stores.site,
                settings=self.stores.settings,
                accounts=self.stores.accounts,
            ),
            simulator_url="http://127.0.0.1:1",
        )
        if seen:
            await self.see()
        return self

    async def prefer(self, **changes: Any) -> None:
        stored = await self.stores.settings.preferences(SYSTEM_ID)
        await self.stores.settings.save_preferences(
            SYSTEM_ID,
            replace(stored.value, **changes),
            expected_version=stored.version,
            actor="owner",
        )

    async def level(self, level: ControlLevel) -> None:
        await self.prefer(control_level=level)

    async def see(
        self,
        *,
        voltage_v: float | None = 52.3,
        current_a: float = 0.0,
        pv_w: float = 8_450.0,
        load_w: float = 1_850.0,
        grid_w: float = 0.0,
        room_c: float = 20.0,
        silent: tuple[UUID, ...] = (),
    ) -> None:
        """Store one sample of everything but the ``silent`` loads; the grid's noise moves."""
        at = self.clock.now()
        noise_w = (at.timestamp() // 60.0) % 7 / 1e5
        samples: list[Sample] = [
            EnergySample(
                device_id=seed.INVERTER,
                at=at,
                pv_power_w=pv_w,
                load_power_w=load_w,
                grid_power_w=grid_w + noise_w,
            ),
            BatterySample(
                device_id=seed.BATTERY_PACK, at=at, voltage_v=voltage_v, current_a=current_a
            ),
            ZoneSample(device_id=HEAT_ROOM, at=at, temperature_c=room_c),
            ZoneSample(device_id=MAIN_ROOM, at=at, temperature_c=20.0),
        ]
        for load_id, switch in self.switches.items():
            if (
                load_id not in silent
                and switch.answers.is_set()
                and switch.mode is not Mode.OFFLINE
            ):
                status = await switch.status()
                samples.append(
                    LoadSample(
                        device_id=load_id,
                        at=at,
                        is_on=status.is_on,
                        power_w=status.power_w,
                        speed=status.speed,
                    )
                )
        await self.stores.telemetry.append(samples)

    async def pass_minutes(self, minutes: int, **seen: Any) -> None:
        """Minutes pass; every one is measured."""
        for _ in range(minutes):
            self.clock.advance(60.0)
            await self.see(**seen)

    async def wish(
        self,
        load_id: UUID = PRIMARY,
        *,
        target_on: bool = True,
        actor: Actor = Actor.ALLOCATOR,
        urgent: bool = False,
        key: str | None = None,
        target_speed: int | None = None,
    ) -> Action:
        return await self.loop.proposals.propose(
            SYSTEM_ID,
            SwitchProposal(
                load_id=load_id,
                target_on=target_on,
                target_speed=target_speed,
                actor=actor,
                requested_by=actor.value,
                reason="test",
                explanation="52.30 V.",
                urgent=urgent,
                idempotency_key=key,
            ),
        )

    async def do(self, load_id: UUID = PRIMARY, **wish: Any) -> Action:
        """Propose and execute."""
        return await self.loop.execution.execute(await self.wish(load_id, **wish))

    async def now(self, action: Action) -> Action:
        """The action as it is stored now."""
        stored = await self.stores.actions.get(action.id)
        assert stored is not None
        return stored

    async def log(self, action: Action) -> list[ActionStatus]:
        """Every state that the action went through."""
        return [event.status for event in await self.stores.actions.events(action.id)]
