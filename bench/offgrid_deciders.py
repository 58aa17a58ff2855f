"""Deciders of an off-grid week: the allocator in this process, or ``allocate --follow``."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from bench.offgrid_plant import PEAK_W, TILT_DEG
from energy.allocation.allocator import allocate
from energy.allocation.cycle import CycleMemory, after, remembering
from energy.allocation.decision import AllocationInput, Command
from energy.dataclass_json import object_json
from energy.site.miners import MinerProfile, MinerState
from energy.site.preferences import Preferences
from energy.site.snapshot import Reading, Snapshot
from services.stored import Json
from services.telemetry.ports import SkyModel
from services.telemetry.sky import Outlook, outlook_of, sky_now

OUTLOOK_EVERY_S = 900.0
PROGRAM = str(Path(sys.executable).with_name("commandcenter"))
PLACE = ("latitude", "longitude", "timezone")
TOLD_OF_MINERS = (
    "name",
    "power_draw_watts",
    "priority_level",
    "operating_mode",
    "start_voltage",
    "stop_voltage",
    "emergency_stop_voltage",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """The readings of one cycle; powers in the order of the miners.

    Attributes:
        at: The instant of the cycle.
        age_s: Age of the site's readings, s.
        voltage_v: Battery voltage, V.
        current_a: Battery current, A (+ charging).
        pv_w: Sun, W.
        load_w: House and miners, W.
        are_on: Each miner's relay now.
        powers_w: Each miner's power now, W.
        powers_then_w: Each miner's power when the site's readings were taken, W.
    """

    at: datetime
    age_s: float
    voltage_v: float
    current_a: float
    pv_w: float
    load_w: float
    are_on: Sequence[bool]
    powers_w: Sequence[float]
    powers_then_w: Sequence[float]


class Decider(Protocol):
    """Steps through a week from a cold start."""

    def decide(self, read: Read) -> Sequence[Command]:
        """Each miner's command, in the order of the miners."""
        ...

    def close(self) -> None:
        """The week is over."""
        ...


class CoreDecider:
    """The core in this process, with memory carried from cycle to cycle."""

    def __init__(
        self, preferences: Preferences, miners: tuple[MinerProfile, ...], sky: SkyModel
    ) -> None:
        """Nothing is remembered and nothing learned."""
        self._preferences, self._miners, self._sky = preferences, miners, sky
        self._memory = CycleMemory()
        self._since: dict[str, datetime] = {}
        self._outlook: Outlook | None = None
        self._outlook_at: datetime | None = None

    def decide(self, read: Read) -> Sequence[Command]:
        """Each miner's command. The outlook is computed every 15 min only, because it takes as long
        as the rest.
        """
        learned = self._memory.learned
        self._look_out(read.at)
        sky = sky_now(
            self._sky,
            learned,
            read.at,
            pv_w=read.pv_w,
            voltage_v=read.voltage_v,
            full_v=self._preferences.voltage_float,
            outlook=self._outlook,
        )
        question = AllocationInput(
            snapshot=Snapshot(
                at=read.at,
                battery_voltage_v=Reading(value=read.voltage_v, age_s=read.age_s),
                battery_current_a=Reading(value=read.current_a, age_s=read.age_s),
                pv_power_w=Reading(value=read.pv_w, age_s=read.age_s),
                load_power_w=Reading(value=read.load_w, age_s=read.age_s),
                sky=sky,
            ),
            preferences=self._preferences,
            miners=self._miners,
            states=tuple(self._state(place, read) for place in range(len(self._miners))),
        )
        decision = allocate(remembering(question, self._memory))
        self._memory = after(self._memory, decision)
        commands = {miner.miner_id: miner.command for miner in decision.miners}
        in_order = [commands[profile.id] for profile in self._miners]
        for profile, command in zip(self._miners, in_order, strict=True):
            if command in {Command.START, Command.STOP}:
                self._since[profile.id] = read.at
        return in_order

    def close(self) -> None:
        """Nothing is held."""

    def _look_out(self, at: datetime) -> None:
        learned, last = self._memory.learned, self._outlook_at
        base_w = learned.mean_base_load_w
        if base_w is None:
            return
        if last is None or (at - last).total_seconds() >= OUTLOOK_EVERY_S:
            ratio = 1.0 if learned.clear_sky_ratio is None else learned.clear_sky_ratio
            self._outlook = outlook_of(self._sky, at, base_w, ratio)
            self._outlook_at = at

    def _state(self, place: int, read: Read) -> MinerState:
        profile = self._miners[place]
        return MinerState(
            miner_id=profile.id,
            is_on=read.are_on[place],
            power_w=read.powers_w[place],
            power_in_load_w=read.powers_then_w[place],
            since=self._since.get(profile.id),
        )


class PipeDecider:
    """``commandcenter allocate --follow`` as a process of its own, line by line."""

    def __init__(
        self,
        preferences: Preferences,
        miners: tuple[MinerProfile, ...],
        *,
        words: Sequence[str] = (PROGRAM, "allocate", "--follow"),
    ) -> None:
        """``words`` is the command; the first line describes the site."""
        self._names = [miner.name for miner in miners]
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise RuntimeError("a process without its pipes")
        self._lines, self._answers = stdin, stdout
        self._tell(settings_line(preferences, miners))

    def decide(self, read: Read) -> Sequence[Command]:
        """One line there, one decision back.

        Raises:
            RuntimeError: It refused the line, or has ended.
        """
        self._tell(cycle_line(read, self._names))
        answer = json.loads(self._answer())
        if "error" in answer:
            raise RuntimeError(f"the line was refused: {answer['error']}")
        commands = {miner["name"]: Command(miner["command"]) for miner in answer["miners"]}
        return [commands[name] for name in self._names]

    def close(self) -> None:
        """End its input and wait until it has ended."""
        self._lines.close()
        self._process.wait(timeout=30)
        self._answers.close()

    def _tell(self, line: Json) -> None:
        self._lines.write(json.dumps(line) + "\n")
        self._lines.flush()

    def _answer(self) -> str:
        answer = self._answers.readline()
        if not answer:
            raise RuntimeError("allocate --follow has ended")
        return answer


def settings_line(preferences: Preferences, miners: Sequence[MinerProfile]) -> Json:
    """The first line: what the owner has set, the miners, the array and the place."""
    defaults, given = object_json(Preferences()), object_json(preferences)
    profiles = [object_json(miner) for miner in miners]
    return {
        "settings": {
            "preferences": {
                name: value
                for name, value in given.items()
                if name not in PLACE and value != defaults[name]
            },
            "miners": [{name: profile[name] for name in TOLD_OF_MINERS} for profile in profiles],
            "arrays": [{"peak_w": PEAK_W, "tilt_deg": TILT_DEG}],
            "system": {name: given[name] for name in PLACE},
        }
    }


def cycle_line(read: Read, names: Sequence[str]) -> Json:
    """One cycle's line."""
    readings: Mapping[str, float] = {
        "battery_voltage_v": read.voltage_v,
        "battery_current_a": read.current_a,
        "pv_power_w": read.pv_w,
        "load_power_w": read.load_w,
    }
    return {
        "at": read.at.isoformat(),
        "snapshot": {**readings, "age_s": dict.fromkeys(readings, read.age_s)},
        "miners": [
            {"name": name, "state": {"is_on": is_on, "power_w": power_w}}
            for name, is_on, power_w in zip(names, read.are_on, read.powers_w, strict=True)
        ],
    }
