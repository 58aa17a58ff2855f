"""The context manager: reads what a question needs of the site, within a budget of tokens."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from agents.builtin.quantities import amount, plain_words
from agents.builtin.reply import Reply
from agents.context.bundle import Bundle, PromptPart, assemble
from agents.context.question_class import QuestionClass, classify
from agents.models.tokens import cut
from agents.roles.prompts import CONVERSATION, NOW, SETTINGS, SITE
from energy.site.display import Display, display_of
from energy.site.loads import LoadKind, Zone
from energy.site.miners import MinerProfile
from energy.site.preferences import Preferences
from services.chat.records import Message
from services.errors import CommandCenterError
from services.sites.records import ControlledLoad, System
from services.stored import Stored
from tools.services import ToolServices
from tools.settings import TOPICS, Topic

FACTS_MOST, NOW_MOST, SETTINGS_MOST, TALK_MOST = 1_000, 900, 500, 1_200
NAME_LINES = 6
"""The first lines of the site: its local time, its name, and the names of what it has."""

CACHE_S = 300.0
VERBATIM_TURNS = 6
"""Messages kept word for word; older ones are shortened to names and numbers."""

TURN_TOKENS = 220
OLD_TURN_TOKENS = 40
LIVE_TIMEOUT_S = 3.0

_TOUCHES: tuple[tuple[Topic, str], ...] = (
    (Topic.BATTERY, r"threshold|capacity|chemistry|curve|(low|critical|float|absorption).?volt"),
    (Topic.POLICY, r"mode|grid|reserve|allowance|budget|should|what if|\bif\b"),
    (Topic.SOC, r"\bsoc\b.*(limit|warn|critical|target|pause|resume)"),
    (Topic.AUTOMATION, r"control level|approv|automat|hold|dead.?man|stale"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _KeptFacts:
    """A site's cached facts, when they were read (wall s), and the versions of its settings."""

    read_s: float
    versions: tuple[object, ...]
    lines: tuple[str, ...]


class ContextManager:
    """Builds bundles. Facts are cached for five minutes and per version of the settings, so that a
    change of settings in any process shows in the next prompt.
    """

    def __init__(
        self, *, services: ToolServices, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """``monotonic`` gives wall seconds for the age of cached parts."""
        self._services = services
        self._monotonic = monotonic
        self._facts: dict[UUID, _KeptFacts] = {}

    async def build(
        self, *, system: System, question: str, history: Sequence[Message]
    ) -> tuple[Bundle, Bundle]:
        """The bundle for a specialist, and the small one for routing (names and conversation)."""
        kind = classify(question)
        facts, cached = await self._site_facts(system)
        clock = self._services.clock.now().astimezone(ZoneInfo(system.timezone))
        site_lines = (f"local time: {clock:%Y-%m-%dT%H:%M}", *facts)
        names = PromptPart(
            name=SITE,
            source="site",
            units=site_lines,
            most=FACTS_MOST,
            cached=cached,
            required=min(NAME_LINES, len(site_lines)),
        )
        talk = conversation_part(history)
        routing = assemble(question, kind, [_only_names(names), talk])
        if kind is QuestionClass.GENERAL:
            return routing, routing
        now = await self._live(system.id)
        settings = await self._settings(system.id, question)
        return assemble(question, kind, [names, now, settings, talk]), routing

    async def _site_facts(self, system: System) -> tuple[tuple[str, ...], bool]:
        settings = self._services.settings
        owner = await settings.preferences(system.id)
        miners, zones = await settings.miners(system.id), await settings.zones(system.id)
        versions = (
            owner.version,
            *((miner.value.id, miner.version) for miner in miners),
            *((zone.value.id, zone.version) for zone in zones),
        )
        kept, now_s = self._facts.get(system.id), self._monotonic()
        if kept is not None and kept.versions == versions and now_s - kept.read_s < CACHE_S:
            return kept.lines, True
        loads = await self._services.site.loads(system.id)
        lines = fact_lines(system, owner.value, miners, zones, loads)
        self._facts[system.id] = _KeptFacts(read_s=now_s, versions=versions, lines=lines)
        return lines, False

    async def _live(self, system_id: UUID) -> PromptPart:
        try:
            async with asyncio.timeout(LIVE_TIMEOUT_S):
                now = await self._services.live.now(system_id)
        except (CommandCenterError, TimeoutError) as error:
            lines: tuple[str, ...] = (f"the live view can't be read: {error}",)
        else:
            lines = tuple(live_lines(now))
        return PromptPart(name=NOW, source="live snapshot", units=lines, most=NOW_MOST, required=1)

    async def _settings(self, system_id: UUID, question: str) -> PromptPart:
        low = question.casefold()
        topics = [topic for topic, pattern in _TOUCHES if re.search(pattern, low) is not None]
        lines: tuple[str, ...] = ()
        if topics:
            values = asdict((await self._services.settings.preferences(system_id)).value)
            lines = tuple(
                f"{topic.value}: {plain_words({key: values[key] for key in TOPICS[topic]})}"
                for topic in topics
            )
        return PromptPart(name=SETTINGS, source="preferences", units=lines, most=SETTINGS_MOST)


def fact_lines(
    system: System,
    owner: Preferences,
    miners: Sequence[Stored[MinerProfile]],
    zones: Sequence[Stored[Zone]],
    loads: Sequence[ControlledLoad],
) -> tuple[str, ...]:
    """The facts of the site in every prompt, one per line; the first five are names."""
    ordered = sorted(
        (miner.value for miner in miners), key=lambda miner: (miner.priority_level, miner.name)
    )
    others = [load.name for load in loads if load.kind is not LoadKind.MINER]
    return (
        f"site: {system.name}, {system.timezone}",
        f"miners: {'; '.join(miner.name for miner in ordered)}",
        f"loads: {'; '.join(sorted({load.name for load in loads}))}",
        f"zones: {'; '.join(sorted(zone.value.name for zone in zones))}",
        f"fans and heaters: {'; '.join(sorted(others))}",
        (
            f"battery: {owner.battery_chemistry}, "
            f"{amount(owner.battery_capacity_wh, 'Wh')}, nominal "
            f"{amount(owner.battery_nominal_v, 'V')}, low "
            f"{amount(owner.voltage_low, 'V')}, critical "
            f"{amount(owner.voltage_critical_low, 'V')}; decisions go by voltage, not SOC"
        ),
        f"owner reads: {reading_habit(display_of(owner))}",
        *(
            f"miner {miner.name}: priority {miner.priority_level}, "
            f"{amount(miner.power_draw_watts, 'W')}, start {amount(miner.start_voltage, 'V')}, "
            f"stop {amount(miner.stop_voltage, 'V')}"
            for miner in ordered
        ),
    )


def reading_habit(display: Display) -> str:
    """How numbers are to be written for this owner; the built-in model reads it back."""
    first, then = "voltage", "state of charge"
    if display.soc_first:
        first, then = then, first
    units = f"powers in {display.power_unit}, temperatures in {display.temperature_unit}"
    return f"{units}, {first} before {then}"


def live_lines(live: Mapping[str, object]) -> list[str]:
    """The live view in one line per device; the safety facts first."""
    now = Reply(live)
    latched = "LATCHED" if now.part("emergency_stop").flag("latched") else "not latched"
    lines = [f"emergency stop {latched}; control level {now.text('control_level')}"]
    for name in ("battery", "solar", "load", "grid"):
        values = now.part(name)
        values_text = [
            f"{key.replace('_', ' ')} {values.aged(key)}"
            for key in values
            if values.number(key) is not None
        ]
        lines.append(f"{name}: {', '.join(values_text) or 'no reading'}")
        reasons = dict.fromkeys(values.part(key).text("reason") for key in values)
        lines.extend(f"{name}: {reason}" for reason in reasons if reason)
    lines.extend(_miner_line(miner) for miner in now.parts("miners"))
    lines.extend(_zone_line(zone) for zone in now.parts("zones"))
    return lines


STATES: Mapping[bool | None, str] = {True: "on", False: "off", None: "state not known"}


def _miner_line(miner: Reply) -> str:
    state = STATES[miner.flag("is_on")]
    watts = "" if miner.number("power") is None else f", {miner.amount('power', 'W')}"
    why = miner.text("explanation") or miner.text("reason")
    return f"miner {miner.text('name')}: {state}{watts}, {miner.text('command')}: {why}"


def _zone_line(zone: Reply) -> str:
    known = zone.number("temperature") is not None
    return f"zone {zone.text('name')}: {zone.aged('temperature') if known else 'no reading'}"


def conversation_part(history: Sequence[Message]) -> PromptPart:
    """The conversation, latest turns first: recent ones word for word, older ones shortened."""
    turns = [turn for turn in history if turn.content.strip()]
    recent, older = turns[-VERBATIM_TURNS:], turns[:-VERBATIM_TURNS]
    units = [_turn(turn, TURN_TOKENS) for turn in reversed(recent)]
    units += [_turn(turn, OLD_TURN_TOKENS, short=True) for turn in reversed(older)]
    return PromptPart(
        name=CONVERSATION, source="conversation", units=tuple(units), most=TALK_MOST, reverse=True
    )


def _turn(message: Message, tokens: int, *, short: bool = False) -> str:
    who = "owner" if message.role == "user" else "assistant"
    text = " ".join(message.content.split())
    return f"{who}: {shortened(text, tokens) if short else _whole_sentences(text, tokens)}"


def _whole_sentences(text: str, tokens: int) -> str:
    if cut(text, tokens) == text:
        return text
    kept = ""
    for sentence in re.split(r"(?<=[.!?])\s+", text):
        longer = f"{kept} {sentence}".strip()
        if cut(longer, tokens) != longer:
            break
        kept = longer
    return kept or shortened(text, tokens)


def shortened(text: str, tokens: int) -> str:
    """The names, numbers and long words of a text in order, up to ``tokens``; others are
    dropped.
    """
    words = [word for word in text.split() if re.search(r"\d|^[A-Z]|°|%", word) or len(word) > 6]
    kept: list[str] = []
    for word in words:
        longer = " ".join([*kept, word])
        if cut(longer, tokens) != longer:
            break
        kept.append(word)
    return " ".join(kept)


def _only_names(part: PromptPart) -> PromptPart:
    return PromptPart(
        name=part.name,
        source=part.source,
        units=part.units[:NAME_LINES],
        most=part.most,
        cached=part.cached,
        required=min(NAME_LINES, len(part.units)),
    )
