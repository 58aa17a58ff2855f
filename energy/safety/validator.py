"""The check before a device is commanded: allow, or block with every reason that applies.

Pure: the same request in the same context gets the same answer. Every action passes this check when
it is proposed, whoever wants it (owner, rule, allocator, agent), and again right before its
command.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from energy.measuring.base_load import is_controlled
from energy.measuring.flows import GRID_NOISE_W
from energy.site.loads import RANKS, Actor, LoadKind
from energy.site.miners import MinerProfile
from energy.site.preferences import Preferences
from energy.wording import duration, elapsed, volts, watts

MAXIMUM_SWITCHES_PER_HOUR = 6
"""Switches of one device allowed within any hour; the next one is blocked."""

GRID_SHARE_RISES_W = 450.0
"""Little import does not show whether grid or battery would feed the next load. The share expected
from the grid rises with the import: none at the meter's noise, all of it this much above, W.
"""

GRID_TOLERANCE_W = 200.0
"""Import beyond the limit that is tolerated while no share of the load is expected from the grid,
W. It falls as that share rises, so that a single watt of import never decides alone.
"""

_HOUR_S = 3_600.0


class BlockCode(StrEnum):
    """Machine-readable reason why an action may not be executed now."""

    EMERGENCY_STOP = "emergency_stop"
    BATTERY_CRITICAL = "battery_critical"
    BATTERY_UNKNOWN = "battery_unknown"
    GRID_IMPORT_LIMIT = "grid_import_limit"
    DEVICE_OFFLINE = "device_offline"
    ALREADY_IN_STATE = "already_in_state"
    ACTION_IN_FLIGHT = "action_in_flight"
    HELD = "held"
    OUTSIDE_WINDOW = "outside_window"
    MINIMUM_ON_TIME = "minimum_on_time"
    MINIMUM_OFF_TIME = "minimum_off_time"
    TOO_MANY_SWITCHES = "too_many_switches"
    RATE_LIMIT = "rate_limit"
    NOT_CONTROLLED = "not_controlled"


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchRequest:
    """The wanted state of one controlled load, and who wants it.

    Attributes:
        load_id: The controlled load.
        name: Its name, for the sentences.
        kind: What the switch drives.
        target_on: The wanted state.
        target_speed: Wanted fan speed; None for plain switches.
        actor: Who wants it.
        approved: The owner has approved it: it ranks as the owner's own.
        protective: It protects the battery or ends an emergency. A protective stop is blocked only
            where it would do nothing (off already, or being stopped already); on a start it has no
            effect.
        power_w: Power that the load adds when it starts, W.
        for_heat: A zone wants the heat: the miner's time window is waived.
    """

    load_id: str
    name: str
    kind: LoadKind
    target_on: bool
    target_speed: int | None = None
    actor: Actor
    approved: bool = False
    protective: bool = False
    power_w: float = 0.0
    for_heat: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PastSwitch:
    """One command that was sent to the device: when, by which rank, to which state.

    ``by`` names the person or rule; a change of fan speed alone is no switch and is not listed.
    """

    at: datetime
    actor: Actor
    is_on: bool
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InFlight:
    """Another action on the same device that is being executed or verified."""

    target_on: bool
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyContext:
    """The site when the request is judged. A value that is missing or stale is None.

    Attributes:
        at: The aware instant of the judgement.
        preferences: The owner's settings.
        raw_voltage_v: Measured battery voltage, V.
        rest_voltage_v: The same, compensated for the current, V.
        grid_power_w: Grid power, W, + import.
        emergency_stop: Whether the emergency stop is latched.
        device_online: Whether the device answers.
        is_on: Its state; None when unknown, which is not off.
        speed: Its fan speed now; None for plain switches or when unknown.
        since: When its state last changed, for whatever reason; None when unknown.
        profile: The miner's profile when the load is a miner: its window and minimum times.
        recent: Commands sent to the device, at least those of the last hour and of the hold time.
        in_flight: Another action on the device that has not ended.
        rate_limited_until: Until when the vendor refuses or we may send no further command.
    """

    at: datetime
    preferences: Preferences
    raw_voltage_v: float | None = None
    rest_voltage_v: float | None = None
    grid_power_w: float | None = None
    emergency_stop: bool = False
    device_online: bool = True
    is_on: bool | None = None
    speed: int | None = None
    since: datetime | None = None
    profile: MinerProfile | None = None
    recent: tuple[PastSwitch, ...] = ()
    in_flight: InFlight | None = None
    rate_limited_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockReason:
    """One reason with its sentence; ``until`` is when it ends by itself, None when that is open."""

    code: BlockCode
    sentence: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """The action may be executed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """The action must not be executed now; carries every reason that applies."""

    reasons: tuple[BlockReason, ...]

    @property
    def codes(self) -> tuple[BlockCode, ...]:
        """The reasons' codes, in the order of the checks."""
        return tuple(reason.code for reason in self.reasons)

    @property
    def sentence(self) -> str:
        """All reasons as one line."""
        return " ".join(reason.sentence for reason in self.reasons)


Verdict = Allowed | Blocked


def validate(request: SwitchRequest, context: SafetyContext) -> Verdict:
    """Whether ``request`` may be executed in ``context``, or every reason why not.

    A protective stop is blocked only where it would do nothing: no hold, minimum time, switch
    count, window, rate limit, silent device or start under way keeps it from being tried.
    """
    checks = _PROTECTIVE_CHECKS if request.protective and not request.target_on else _CHECKS
    verdicts = (check(request, context) for check in checks)
    reasons = tuple(reason for reason in verdicts if reason is not None)
    return Blocked(reasons=reasons) if reasons else Allowed()


def adds_load(request: SwitchRequest, context: SafetyContext) -> bool:
    """Whether the action would make the site draw more (slowing a running fan does not)."""
    if not request.target_on or context.is_on is not True:
        return request.target_on
    if request.target_speed is None:
        return False
    return context.speed is None or request.target_speed > context.speed


def within_window(hour: int, start: int | None, end: int | None) -> bool:
    """Whether a whole local ``hour`` lies in [start, end), which may wrap midnight.

    Without both ends, or with equal ones, every hour does.
    """
    if start is None or end is None or start == end:
        return True
    if start < end:
        return start <= hour < end
    return hour >= start or hour < end


def _not_controlled(request: SwitchRequest, context: SafetyContext) -> BlockReason | None:
    """Whoever asks: a start would end with a timer that nobody refreshes."""
    if context.profile is None or is_controlled(context.profile):
        return None
    return BlockReason(
        code=BlockCode.NOT_CONTROLLED,
        sentence=f"{request.name} is not switched by us: its control method is none.",
    )


def _emergency_stop(request: SwitchRequest, context: SafetyContext) -> BlockReason | None:
    if not context.emergency_stop or not request.target_on:
        return None
    return BlockReason(
        code=BlockCode.EMERGENCY_STOP,
        sentence="The emergency stop is latched: only stops pass until an admin releases it.",
    )


def _battery_critical(request: SwitchRequest, context: SafetyContext) -> BlockReason | None:
    if not adds_load(request, context):
        return None
    known = [v for v in (context.raw_voltage_v, context.rest_voltage_v) if v is not None]
    if not known:
        return _battery_unknown(request)
    critical_v = context.preferences.voltage_critical_low
    if min(known) > critical_v:
        return None
    return BlockReason(
        code=BlockCode.BATTERY_CRITICAL,
        sentence=f"The battery is at {volts(min(known))}, at or below critical "
        f"({volts(critical_v)}): nothing may add load.",
    )


def _battery_unknown(request: SwitchRequest) -> BlockReason | None:
    """Nothing starts on stale data but fans, which protect from heat, and what the owner wants, who
    can look at the battery.
    """
    by_owner = request.approved or request.actor is Actor.OWNER
    if by_owner or request.kind is LoadKind.FAN:
        return None
    return BlockReason(
        code=BlockCode.BATTERY_UNKNOWN,
        sentence="There is no recent battery voltage: nothing is started by itself without one.",
    )


def _grid_import(request: SwitchRequest, context: SafetyContext) -> BlockReason | None:
    import_w = context.grid_power_w
    if import_w is None or import_w <= GRID_NOISE_W or not adds_load(request, context):
        return None
    preferences = context.preferences
    limit_w = preferences.max_grid_import_w if preferences.grid_import_allowed else 0.0
    share = min(1.0, (import_w - GRID_NOISE_W) / GRID_SHARE_RISES_W)
    with_load_w = import_w + share * request.power_w
    if with_load_w <= limit_w + GRID_NOISE_W + (1.0 - share) * GRID_TOLERANCE_W:
        return None
    allowed = f"the limit is {watts(limit_w)}" if limit_w > 0 else "no import is allowed"
    return BlockReason(
        code=BlockCode.GRID_IMPORT_LIMIT,
        sentence=f"The site imports {watts(import_w)} from the grid and would import "
        f"{watts(with_load_w)}; {allowed}.",
    )


def _device_offline(request: SwitchRequest, context: SafetyContext) -> BlockReason | None:
    if context.device_online:
        return None
    return BlockReason(code=BlockCode.DEVICE_OFFLINE, sentence=f"{request.name} does not answer.")


def _already_in_state(request: SwitchRequest, context: SafetyContext) -> BlockReason | None:
    if context.is_on is not request.target_on:
        return None
    if request.target_on and request.target_speed not in {None, context.speed}:
        return None
    state = "on" if request.target_on else "off"
    speed = f" at speed {context.speed}" if request.target_on and context.speed is not None else ""
    return BlockReason(
        code=BlockCode.ALREADY_IN_STATE, sentence=f"{request.name} is {state}{speed} already."
    )


def _in_flight(request: SwitchRequest, context: SafetyContext) -> BlockReason | None:
    other = context.in_flight
    if other is None:
        return None
    doing = "started" if other.target_on else "stopped"
    by = f" by {other.by}" if other.by else ""
    return BlockReason(
        code=BlockCode.ACTION_IN_FLIGHT, sentence=f"{request.name} is being {doing}{by} just now."
    )


def _same_stop_in_flight(request: SwitchRequest, context: SafetyContext) -> BlockReason | None:
    if context.in_flight is None or context.in_flight.target_on:
        return None
    return _in_flight(request, context)


def _held(request: SwitchRequest, context: SafetyContext) -> BlockReason | None:
    actor = Actor.OWNER if request.approved else request.actor
    if RANKS[actor] <= RANKS[Actor.OWNER]:
        return None
    manual = [s for s in context.recent if s.actor is Actor.OWNER and s.at <= context.at]
    if not manual:
        return None
    last = max(manual, key=lambda switch: switch.at)
    until = last.at + timedelta(minutes=context.preferences.manual_hold_minutes)
    if context.at >= until:
        return None
    by = last.by or "The owner"
    state = "on" if last.is_on else "off"
    return BlockReason(
        code=BlockCode.HELD,
        sentence=f"{by} switched {request.name} {state} by hand and holds it for "
        f"{_left(until, context.at)} more.",
        until=until,
    )


def _outside_window(request: SwitchRequest, context: SafetyContext) -> BlockReason | None:
    profile = context.profile
    if profile is None or not request.target_on or request.for_heat:
        return None
    if profile.allow_outside_schedule:
        return None
    local = context.at.astimezone(ZoneInfo(context.preferences.timezone))
    if within_window(local.hour, profile.prefer_time_start, profile.prefer_time_end):
        return None
    return BlockReason(
        code=BlockCode.OUTSIDE_WINDOW,
        sentence=f"{request.name} may run from {profile.prefer_time_start}:00 to "
        f"{profile.prefer_time_end}:00 only; it is {local:%H:%M}.",
    )


def _minimum_on(request: SwitchRequest, context: SafetyContext) -> BlockReason | None:
    if request.target_on or context.is_on is not True or context.profile is None:
        return None
    minutes = context.profile.minimum_on_minutes
    return _too_soon(request, context, BlockCode.MINIMUM_ON_TIME, minutes)


def _minimum_off(request: SwitchRequest, context: SafetyContext) -> BlockReason | None:
    if not request.target_on or context.is_on is not False or context.profile is None:
        return None
    minutes = context.profile.minimum_off_minutes
    return _too_soon(request, context, BlockCode.MINIMUM_OFF_TIME, minutes)


def _too_soon(
    request: SwitchRequest, context: SafetyContext, code: BlockCode, minutes: float
) -> BlockReason | None:
    since = context.since
    if since is None:
        return None
    until = since + timedelta(minutes=minutes)
    if context.at >= until:
        return None
    state = "off" if request.target_on else "on"
    return BlockReason(
        code=code,
        sentence=f"{request.name} has been {state} for {_passed(since, context.at)}; it stays "
        f"{state} for at least {minutes:g} min, {_left(until, context.at)} more.",
        until=until,
    )


def _too_many_switches(request: SwitchRequest, context: SafetyContext) -> BlockReason | None:
    if context.is_on is request.target_on:
        return None
    hour_ago = context.at - timedelta(seconds=_HOUR_S)
    times = sorted(switch.at for switch in context.recent if hour_ago < switch.at <= context.at)
    if len(times) < MAXIMUM_SWITCHES_PER_HOUR:
        return None
    until = times[-MAXIMUM_SWITCHES_PER_HOUR] + timedelta(seconds=_HOUR_S)
    return BlockReason(
        code=BlockCode.TOO_MANY_SWITCHES,
        sentence=f"{request.name} was switched {len(times)} times within an hour, "
        f"{MAXIMUM_SWITCHES_PER_HOUR} are allowed; again in {_left(until, context.at)}.",
        until=until,
    )


def _rate_limit(request: SwitchRequest, context: SafetyContext) -> BlockReason | None:
    until = context.rate_limited_until
    if until is None or context.at >= until:
        return None
    return BlockReason(
        code=BlockCode.RATE_LIMIT,
        sentence=f"The vendor of {request.name} takes no further command for "
        f"{_left(until, context.at)}.",
        until=until,
    )


def _left(until: datetime, at: datetime) -> str:
    return duration(max((until - at).total_seconds(), 0.0))


def _passed(since: datetime, at: datetime) -> str:
    return elapsed(max((at - since).total_seconds(), 0.0))


_Check = Callable[[SwitchRequest, SafetyContext], BlockReason | None]

_CHECKS: tuple[_Check, ...] = (
    _not_controlled,
    _emergency_stop,
    _battery_critical,
    _grid_import,
    _device_offline,
    _already_in_state,
    _in_flight,
    _held,
    _outside_window,
    _minimum_on,
    _minimum_off,
    _too_many_switches,
    _rate_limit,
)
_PROTECTIVE_CHECKS: tuple[_Check, ...] = (_already_in_state, _same_stop_in_flight)
