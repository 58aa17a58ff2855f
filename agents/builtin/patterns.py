"""Table of patterns that select the tool for a question, the most specific first."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from agents.builtin.phrases import PromptedSite, device_in, hours_in, moment_in, numbers_in

ToolArguments = dict[str, object]
"""Arguments of a tool call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A tool, what has to match, what must not, and how to find the arguments."""

    tool: str
    match: re.Pattern[str]
    unless: re.Pattern[str] | None = None
    arguments: Callable[[str, PromptedSite], ToolArguments] = lambda _clause, _facts: {}


def compiled(text: str) -> re.Pattern[str]:
    """A pattern that ignores letter case."""
    return re.compile(text, re.IGNORECASE)


def about_miner(clause: str, facts: PromptedSite) -> ToolArguments:
    """Arguments for the miner and the time that a clause names, if it does."""
    name = device_in(clause, facts.miners)
    arguments: ToolArguments = {} if name is None else {"miner": name}
    moment = moment_in(clause)
    return arguments if moment is None else {**arguments, "at": moment}


def _span(clause: str, facts: PromptedSite) -> ToolArguments:
    return {"hours": hours_in(clause, facts.local_hour)}


def _series(clause: str, facts: PromptedSite) -> ToolArguments:
    metrics = (
        (r"\bload\b|consum|house|usage", "load_power_w"),
        (r"\bgrid\b|import|export", "grid_power_w"),
        (r"temperature", "temperature_c"),
        (r"battery power|charging power|discharg", "battery_power_w"),
    )
    for pattern, metric in metrics:
        if re.search(pattern, clause):
            return {"metric": metric, **_span(clause, facts)}
    return {"metric": "pv_power_w", **_span(clause, facts)}


def _conversion(clause: str, _: PromptedSite) -> ToolArguments:
    numbers = numbers_in(clause)
    return (
        {"voltage_v": numbers.volts} if numbers.volts is not None else {"soc_pct": numbers.percent}
    )


def _topic(clause: str, _: PromptedSite) -> ToolArguments:
    topics = (
        (r"\bsoc\b|state of charge|pause|resume|solar.priority", "soc"),
        (r"mode|grid|import|allowance|reserve|discharge limit|tolerance", "policy"),
        (r"control level|approv|\bhold|stale|dead.?man|automat|confirm|fail.?safe", "automation"),
        (r"quiet|notif", "notifications"),
        (r"timezone|location|latitude|units", "place"),
        (r"volt|threshold|capacity|chemistry|battery|curve|absorption|float", "battery"),
    )
    hits = [topic for pattern, topic in topics if re.search(pattern, clause)]
    return {"topic": hits[0]} if hits else {}


def _zone(clause: str, facts: PromptedSite) -> ToolArguments:
    name = device_in(clause, facts.zones)
    return {} if name is None else {"zone": name}


def _load(clause: str, facts: PromptedSite) -> ToolArguments:
    name = device_in(clause, facts.loads)
    return {} if name is None else {"load": name}


_TIME = (
    r"today|yesterday|\blast\b|\bpast\b|\bhours?\b|\bdays?\b|\bweek|\bmonth|tonight|overnight|night|"
    r"morning|histor|so far|since|lowest|highest|minimum|maximum|average|mean|trend|peak|ever"
)
_BATTERY = r"batter|voltage|\bsoc\b|state of charge|\bcharged?\b|\bbank\b"

PATTERNS: tuple[Pattern, ...] = (
    Pattern(
        tool="voltage_soc_convert",
        match=compiled(
            r"(\d ?(v\b|volts?).*(\bsoc\b|percent|%|charge|full))|"
            r"((\bsoc\b|percent|%|charge|full).*\d ?(v\b|volts?))|(\d ?(%|percent).*\bvolt)|"
            r"(volt.*\d ?(%|percent))|convert"
        ),
        arguments=_conversion,
    ),
    Pattern(
        tool="alerts", match=compiled(r"\balerts?\b|alarm|\bwarnings?\b|what.s wrong|problems?\b")
    ),
    Pattern(
        tool="zones",
        match=compiled(r"\bwhy\b.*(\bfan|heater|heating|\broom|\bzone)"),
        arguments=_zone,
    ),
    Pattern(
        tool="decision_explanation",
        match=compiled(
            r"\bwhy\b|how come|explain|reason|what (keeps|made|prevents|stops|blocks|is keeping)|"
            r"what would (change|make|it take|need)|when (will|would|does|can|is) .*"
            r"(start|run|turn on|come on|go on|stop|resume|back)|"
            r"what.* (waiting|wait) for|what does .* need to (start|run)"
        ),
        arguments=about_miner,
    ),
    Pattern(
        tool="recent_actions",
        match=compiled(
            r"what (has )?happened|action log|\bactions?\b|(was|were|been|did|has|have|"
            r"who|when|what|"
            r"which|how often).*(switch|turned|started|stopped|shut)|last switch|"
            r"did you (do|switch)"
        ),
        arguments=_load,
    ),
    Pattern(
        tool="health",
        match=compiled(
            r"health|online|offline|connect|sources?\b|stale|poll|component|reachable|"
            r"(is|are) (everything|all|the system) (ok|working|fine)|data.*(fresh|old|arriving)|"
            r"\bworking\b|\bdown\b.*\?|communicat"
        ),
    ),
    Pattern(
        tool="battery_history",
        match=compiled(
            rf"({_BATTERY}).*({_TIME}|how low|drop|dip)|({_TIME}|how low).*({_BATTERY})"
        ),
        unless=compiled(
            r"kwh|energy|reserve|setting|threshold|solar|\bpv\b|will |enough|\bmake it|"
            r"last (the|all)\b|"
            r"allow"
        ),
        arguments=_span,
    ),
    Pattern(
        tool="time_series",
        match=compiled(
            r"(peak|chart|graph|curve|plot|hour by hour|hourly|over time|course)|"
            r"when was.*(highest|most|maximum|best|lowest)"
        ),
        unless=compiled(r"voltage curve|calibration"),
        arguments=_series,
    ),
    Pattern(
        tool="energy_history",
        match=compiled(
            rf"k?wh\b|self.?(suffic|consum)|how long .*(run|ran|on\b|hash)|runtime (today|"
            rf"yesterday)|"
            rf"(produc|generat|consum|us(ed|age)|import|export|yield|"
            rf"energy|solar|harvest|\bpv\b|load|\bsun\b|grid).*({_TIME})|"
            rf"({_TIME}).*(produc|generat|consum|us(ed|age)|import|export|yield|energy|solar|harvest|"
            rf"\bpv\b|load|grid)|how much.*(produced|generated|consumed|used|made|imported|"
            rf"exported)"
        ),
        unless=compiled(r"allowed|reserve|setting|capacity|right now|currently|enough"),
        arguments=_span,
    ),
    Pattern(
        tool="miner_profiles",
        match=compiled(
            r"(start|stop|emergency).?(voltage|threshold)|at (what|which) voltage|priorit|"
            r"hash.?rate|"
            r"(power draw|rated|\bth/s|terahash)|profiles?\b|runtime limit|time window|"
            r"miners?.? (settings|configur)|settings (of|for) .*(miner|load|s19|s21|primary)|"
            r"how (much|many) (power|watts|electricity).* (need|draw|take)s?\b"
        ),
        unless=compiled(r"solar.priority|right now|currently|\bnow\b|system|critical"),
        arguments=about_miner,
    ),
    Pattern(
        tool="zones",
        match=compiled(
            r"\brooms?\b|\bzones?\b|\bfans?\b|heater|heating|hvac|too (hot|cold)|"
            r"how (warm|hot|cold)"
        ),
        unless=compiled(r"batter"),
        arguments=_zone,
    ),
    Pattern(
        tool="preferences",
        match=compiled(
            r"settings?|preference|operating mode|\bmode\b|thresholds?|allowed|"
            r"control level|capacity|"
            r"chemistry|manual hold|dead.?man|quiet hours|configured|lockout|"
            r"(low|critical|restart|float|absorption|full|shutdown).?(voltage|soc)|"
            r"\bsoc\b.*(limit|warning|critical|minimum|pause|resume|target)|timezone|"
            r"reserve (on|enabled|active)|calibration|voltage curve"
        ),
        arguments=_topic,
    ),
    Pattern(
        tool="allocator_now",
        match=compiled(
            r"what (should|could|can|may|is|are).*(\brun|running|mining|\bon\b)|should i|"
            r"can i|may i|"
            r"budget|surplus|available|spare|excess|which (miner|load)s?|miners?\b|"
            r"\bmining\b|hashing|"
            r"decision|decid|allocator|reserve|throttl|curtail|"
            r"enough (power|sun|energy|battery)|(last|through|until).*(night|morning|sunrise)|"
            r"(is|are) .*(\bon\b|\boff\b|running)|s19|s21|dump load|optimi[sz]"
        ),
    ),
    Pattern(
        tool="battery_status",
        match=compiled(
            rf"{_BATTERY}|charging|current\b(?! (power|load|solar|status))|\bamps?\b|how full"
        ),
    ),
    Pattern(
        tool="energy_status",
        match=compiled(
            r"solar|\bpv\b|\bsun\b|panels?|produc|generat|\bload\b|consum|usage|using|house|grid|"
            r"import|export|power|watts?\b|status|overview|summary|how (is|are) (it|"
            r"things|everything|"
            r"my|the) ?(site|system|going|plant)?|going on|inverter"
        ),
    ),
)
"""In order of precedence; the first that matches a clause answers it."""
