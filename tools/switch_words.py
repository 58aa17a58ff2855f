"""English words and patterns of switching requests: verbs, politeness, and excluding words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tools.device_names import ARTICLES, GENERIC, MARK, NamedDevice, words


def _re(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


ON_WORDS = frozenset({"on", "up", "online"})
_DEVICE = r"(?P<device>.+?)"
_WAY = r"(?P<way>on|off)"
_BACK = r"(?: back| right)?"

DEVICE_FIRST = _re(rf"{_DEVICE} {_WAY}")
"""``heater off``; also the end of many a statement, so it counts only with a device's name."""

FORMS: tuple[tuple[re.Pattern[str], bool | None], ...] = (
    (_re(rf"(?:turn|switch|power|flip|put){_BACK} {_WAY} {_DEVICE}"), None),
    (_re(rf"(?:turn|switch|power|flip|put|shut|get) {_DEVICE}{_BACK} {_WAY}"), None),
    (_re(rf"power{_BACK} (?P<way>up|down) {_DEVICE}"), None),
    (_re(rf"power {_DEVICE}{_BACK} (?P<way>up|down)"), None),
    (_re(rf"(?:bring|take) {_DEVICE}{_BACK} (?P<way>online|offline)"), None),
    (_re(rf"(?:bring|take){_BACK} (?P<way>online|offline) {_DEVICE}"), None),
    (_re(rf"shut{_BACK} (?:off|down) {_DEVICE}"), False),
    (_re(rf"shut {_DEVICE} down"), False),
    (_re(rf"(?:fire|boot|spin){_BACK} up {_DEVICE}"), True),
    (_re(rf"(?:fire|boot|spin) {_DEVICE} up"), True),
    (_re(rf"(?:get|make|have) {_DEVICE} (?:run|running|going|start|started|mine|mining)"), True),
    (_re(rf"(?:make|have) {_DEVICE} stop"), False),
    (_re(rf"(?:stop|quit) (?:running|using|mining (?:with|on)|heating with) {_DEVICE}"), False),
    (_re(rf"(?:start|begin) (?:up |running |using |mining (?:with|on) )?{_DEVICE}(?: up)?"), True),
    (_re(rf"(?:run|activate|resume|launch|boot|unpause) {_DEVICE}"), True),
    (_re(rf"(?:stop|pause|kill|halt|deactivate) {_DEVICE}(?: down)?"), False),
    (DEVICE_FIRST, None),
)
"""Forms of whole commands; the device phrase in them must be a device's name and nothing else."""

_GREETING = (
    r"(?:yes|yep|yeah|sure|hey|hi|hello|ok|okay|alright|yo|"
    r"good (?:morning|day|evening|afternoon))(?: there)?"
)
_PLEASE = r"(?:please|pls|plz|kindly|just|quickly|now|right now|immediately|at once|asap)"
_TOWARDS = (
    r"(?:would you mind|(?:can|could|will|would) you|i(?:'d| would) like(?: you)?(?: to)?|"
    r"i (?:want|need)(?: you)?(?: to)?|(?:propose|suggest|request)(?: to| that we| an action to)?|"
    r"go ahead and|let's|lets|you (?:can|may|should)|do)"
)
_BEFORE = _re(rf"^(?:{_GREETING}|{_PLEASE}|{_TOWARDS}|assistant|computer)(?=[\s,])[\s,]+")
_AFTER = _re(
    rf"[\s,]+(?:{_PLEASE}|thanks|thank you|thx|for me|for us|again|straight away|right away|"
    r"directly|instantly|will you|would you|could you|can you|ok|okay|if you (?:can|please)|"
    r"assistant|as soon as possible)$"
)
POLITE_QUESTION = _re(r"\b(?:can|could|will|would) you\b|\bwould you mind\b")


def without_politeness(sentence: str) -> str:
    """The sentence without greetings, polite phrases, thanks and punctuation around it."""
    text = sentence.strip(" .!?;,:-\"'")
    while True:
        shorter = _AFTER.sub("", _BEFORE.sub("", text)).strip(" .!?;,:-\"'")
        if shorter == text:
            return _gerund(re.sub(r"\s+", " ", text).casefold())
        text = shorter


def _gerund(text: str) -> str:
    """``turning off …`` after "would you mind" is ``turn off …``."""
    return re.sub(
        r"^(turn|switch|start|power)ing ", r"\1 ", re.sub(r"^(stop|shut)[pt]ing ", r"\1 ", text)
    )


QUESTION = _re(
    r"^(?:and |so |but |then )?(?:what|why|how|"
    r"when(?= (?:will|does|do|did|is|was|were|are|can|could|would|should|has|have|had|"
    r"might|to)\b|$)|"
    r"which|who|whom|whose|where|is|are|am|was|were|"
    r"isn't|aren't|does|doesn't|did|didn't|has|hasn't|had|should|shouldn't|shall|may|might|"
    r"do (?:i|you|we|they|the|any|my)|have (?:i|you|we|they|any)|"
    r"(?:can|could|would|will|won't|can't|must|ought)(?: not)? (?!you\b)|"
    r"(?:can|could|would|will) you (?:be|recommend|advise|say|think|see|know|tell|show|explain|"
    r"check|list|describe|compare)\b|tell|show|give|list|explain|describe|report|compare|"
    r"i wonder|i was wondering|do you|any idea|suppose|assume|assuming|if i|if we|if you)\b"
)
"""Asked about, not asked for. Polite requests ("can you turn …") are not among them."""

NO_SWITCH = _re(
    r"^(?:start|stop|run|emergency|restart|shutdown|power|turn|switch)[ -]?(?:voltage|threshold|"
    r"time|history|hours?|log|count|reason|level|draw|usage|use|used|consum\w*|now|status|budget|"
    r"a (?:what|simulation|report|test|check|scenario)|what|simulation|report|diagnos\w*)\b|"
    r"^power$|^emergency stop (?:voltage|threshold)"
)
"""Begins like a command and is a name of a setting or a value."""

COMMAND = _re(
    rf"\b(?:turn|switch|shut|flip|power|fire|put) (?:[^.?!]*\b)?(?:on|off|up|down|of)\b|"
    r"\b(?:turn|switch|shut)\b|\b(?:turnon|turnoff|switchon|switchoff|poweroff)\b|"
    r"\b(?:start|stop|run|pause|resume|kill|halt|activate|deactivate|launch|unpause)\b"
    r"(?! (?:voltage|threshold|time|history|hours|log|count|reason|of\b))|"
    r"\b(?:keep|leave|let|hold)\b.*\b(?:on|off|running|run|stopped)\b|"
    r"\b(?:don't|dont|do not|never|not)\b.*\b(?:running|turning|starting|stopping|switching)\b|"
    r"^(?:restart|reboot|unplug|disconnect|make sure|ensure)\b|^have .*\b(?:on|off|down)$|"
    rf"{MARK}\d+{MARK} (?:on|off)$|"
    r"\b(?:should|must|has to|needs? to|want|be) (?:\S+ )*(?:on|off|running|stopped|started)\b"
)
"""Something is to be switched, in whatever words."""

_NUMBER = (
    r"(?:\d+(?:[.,]\d+)?|an?|half an?|one|two|three|four|five|six|ten|twenty|thirty|few|couple)"
)
_DURATION = (
    rf"\b{_NUMBER} ?(?:s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|days?|weeks?|months?|"
    r"o'?clock|am|pm|a\.m|p\.m)\b|\bin (?:\d+|an?)\b"
)
_UNIT_AFTER = r" ?(?:%|percent|v\b|volts?|w\b|watts?|kw|a\b|°|\d)"
_CLOCK = rf"\b\d{{1,2}}[:h.]\d{{2}}\b|\bat \d+(?!{_UNIT_AFTER})"
_REPEATED = (
    r"\b(?:every|each) (?:\d+ |other )?(?:minute|hour|day|night|morning|evening|week|month)s?\b|"
    r"\b(?:daily|hourly|nightly|weekly|always|forever|permanently|weekends?)\b"
)
_MOMENT = (
    r"\b(?:for|until|till|til|before|after|from|between|during|by|tonight|tomorrow|today|noon|"
    r"midnight|morning|afternoon|evening|nights?|overnight|sunset|sunrise|dawn|dusk|later|soon|"
    r"delay|timer|schedule|(?:mon|tues|wednes|thurs|fri|satur|sun)days?|while|temporarily|briefly|"
    r"a bit|a moment|wait|next|past)\b"
)
EXCLUSIONS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "negation",
        _re(
            r"\b(?:don'?t|do not|doesn'?t|never|not|no|cannot|can'?t|won'?t|without|avoid|prevent|"
            r"refrain|cancel|undo|except|but|instead|rather|unlike|nobody|nothing)\b|"
            r"\bkeep\b|\bleave\b|\bhold\b|stop \w*(?:turn|switch|start|stopp)ing"
        ),
    ),
    (
        "condition",
        _re(
            r"\b(?:if|unless|when|whenever|(?<!a )while|once|in case|provided|"
            r"providing|only|depending|should the|as long as|as soon as|because|since|so that|"
            r"otherwise|else|above|below|"
            r"reaches|drops|exceeds|enough)\b"
        ),
    ),
    ("time", _re(rf"{_DURATION}|{_CLOCK}|{_REPEATED}|{_MOMENT}")),
    (
        "level",
        _re(
            r"\d ?(?:percent|w|watts?|kw|v|volts?|a|amps?|degrees|th/s|rpm)\b|\d ?%|\bto \d|°|"
            r"\b(?:half|full|low|high|eco|slow|fast|speed|power limit|mode|conservative|balanced|"
            r"aggressive|hotter|colder|warmer|cooler|faster|slower|a little|more|less)\b"
        ),
    ),
    (
        "compound",
        _re(
            r"\b(?:and|then|also|too|as well|both|either|neither|or|nor|plus|all|every|everything|"
            r"each|any|others?|rest|remaining|two|three|miners|rigs|asics|machines|loads|devices|"
            r"heaters|fans|them|restart|reboot|cycle|toggle)\b|[,&/]|\boff\b.*\bon\b|\bon\b.*\boff\b"
        ),
    ),
)
"""Why a request can't be a proposal, the most telling reason first."""

EMERGENCY = _re(
    r"\be-?stop\b|\bemergency\b|\bpanic\b|\bthere(?:'s| is) (?:a )?(?:fire|smoke)\b|\bon fire\b|"
    r"\bis burning\b|\bsmells? (?:of |like )?(?:smoke|burn)"
)
NO_EMERGENCY = _re(
    r"emergency[ -]?stop[ -]?(?:voltage|threshold|soc)|\b(?:no|not an|isn't an|don't|do not|never) "
    r"(?:\w+ )?(?:emergency|panic)|^(?:\W*(?:hi|hey|hello|please)\W+)?(?:what|why|when|was|is|are|"
    r"did|who|has|does|which|explain|tell|show|should|suppose|if)\b|\b(?:release|clear|reset|end|lift)\b"
)
BARE_STOP = _re(
    r"(?:stop|halt|abort)(?: (?:stop|halt|abort|it|that|this|now))*|"
    r"shut ?down|shut (?:it|this) down|power (?:off|down)"
)
"""Nothing but a stop, of whatever."""

_ALL = (
    r"(?:everything|it all|all(?: of (?:it|them))?(?: the| my| our)?(?: controlled)?"
    r"(?: loads| devices| miners| machines| rigs| asics| power| relays| heaters| fans| units)?|"
    r"every (?:load|device|miner|machine|rig|single \w+)|the (?:whole|entire|complete) \w+|"
    r"the (?:site|system|plant|farm|place|whole thing|power|mains)|both miners|mining|"
    r"the (?:miners|rigs|machines|loads))"
)
ALL_OFF = _re(
    rf"\b(?:turn|switch|shut|power|put) (?:off|down) {_ALL}\b|"
    rf"\b(?:turn|switch|shut|power|put) {_ALL} (?:off|down)\b|"
    rf"\b(?:stop|kill|halt|pause|cut|shutdown|shut|end|disable|deactivate) {_ALL}\b|"
    rf"^\W*(?:please )?{_ALL} off\b|pull the plug"
)
"""Everything is to go off: that is what STOP is for."""

ALL_WORDS = _re(r"\b(?:all|every|everything|both|miners|loads|devices|machines|rigs|asics|them)\b")

_CORRECTIONS = (
    *("turn", "switch", "start", "stop", "power", "shut", "down", "pause", "resume", "activate"),
    *("deactivate", "kill", "halt", "launch", "please", "online", "offline"),
)
_JOINED = {
    "turnon": "turn on",
    "turnoff": "turn off",
    "switchon": "switch on",
    "switchoff": "switch off",
    "shutoff": "shut off",
    "shutdown": "shut down",
    "poweroff": "power off",
    "poweron": "power on",
    "trn": "turn",
    "teh": "the",
    "strt": "start",
}


def corrected(core: str, devices: Sequence[NamedDevice]) -> str:
    """The command with single slips of the keys undone, where only one word can be meant."""
    names = {word for device in devices for word in words(device.name) if word.isalpha()}
    known = {*_CORRECTIONS, *names, *ARTICLES, *GENERIC, *_INFLECTED}
    parts = [_JOINED.get(part, part) for part in core.split()]
    fixed = [_fixed(part, known, {*_CORRECTIONS, *names}) for part in parts]
    return without_politeness(" ".join(fixed))


_INFLECTED = frozenset(
    {
        *("starts", "stops", "turns", "runs", "switches", "powers", "started", "stopped", "turned"),
        *("running", "starting", "stopping", "state", "stay", "step", "shop", "short", "port"),
        *("part", "smart", "spot", "then", "than", "when", "them", "they", "this", "that"),
    }
)
"""Words that are no slips of the keys."""


def _fixed(part: str, known: set[str], targets: set[str]) -> str:
    if len(part) < 4 or not part.isalpha() or part in known:
        return part
    near = {word for word in targets if len(word) > 3 and one_slip(part, word)}
    return near.pop() if len(near) == 1 else part


def one_slip(written: str, meant: str) -> bool:
    """Whether one letter is missing, added, wrong, or swapped with its neighbour."""
    if written == meant or abs(len(written) - len(meant)) > 1:
        return False
    start = 0
    while start < min(len(written), len(meant)) and written[start] == meant[start]:
        start += 1
    a, b = written[start:], meant[start:]
    swapped = len(a) > 1 and a[:2] == b[1::-1] and a[2:] == b[2:]
    return swapped or a[1:] == b or a == b[1:] or a[1:] == b[1:]
