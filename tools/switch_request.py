"""Reads from the owner's message what to switch: one load, on or off, now; anything else is
refused.

The sentence must be understood completely, because a word left over may change its meaning ("… for
2 hours", "… only if it is cold"). The built-in model proposes what is read here, and other models
may propose nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tools import switch_words as vocabulary
from tools.device_names import NamedDevice, Unclear, device_named, marked_in, with_marks, words


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One load is to be switched now."""

    load: str
    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NotPossible:
    """A request to switch that cannot be proposed.

    Attributes:
        sentence: Why, and what can be done instead.
        stop: The owner should press STOP.
    """

    sentence: str
    stop: bool = False


Request = Wish | NotPossible | None
"""None: the message asks to switch nothing."""


def switch_request(text: str, devices: Sequence[NamedDevice]) -> Request:
    """What ``text`` asks to switch of ``devices``."""
    marked = with_marks(_plain(text), devices)
    if _is_emergency(marked, devices):
        return NotPossible(sentence=_emergency(devices), stop=True)
    sentences = _sentences(marked)
    answers = [_of_sentence(sentence, devices) for sentence in sentences]
    wishes = [answer for answer in answers if isinstance(answer, Wish)]
    for answer in answers:
        if isinstance(answer, NotPossible):
            return answer
    if not wishes:
        return None
    if len(set(wishes)) > 1:
        return NotPossible(sentence=_one_at_a_time(devices))
    others = [text for text, answer in zip(sentences, answers, strict=True) if answer is None]
    for other in others:
        reason = None if _is_question(other) else _exclusion(other)
        if reason is not None:
            return NotPossible(sentence=_sentence_for(reason, devices))
    return wishes[0]


def asks_to_switch(sentence: str) -> bool:
    """Whether a single sentence is a request rather than a question or a statement."""
    return not _is_question(sentence) and _has_command(vocabulary.without_politeness(sentence))


def _plain(text: str) -> str:
    return " ".join(text.replace("’", "'").replace("‘", "'").split()).strip()


def _sentences(text: str) -> list[str]:
    parts = re.findall(r"[^.?!;]+(?:\.(?=\S)[^.?!;]*)*[.?!;]*", text)
    return [part.strip() for part in parts if re.search(r"\w|\x01", part)]


def _of_sentence(sentence: str, devices: Sequence[NamedDevice]) -> Request:
    if _is_question(sentence):
        return None
    core = vocabulary.without_politeness(sentence)
    if vocabulary.NO_SWITCH.match(core):
        return None
    parsed = _parsed(core, devices)
    if isinstance(parsed, Wish):
        if sentence.endswith("?") and not vocabulary.POLITE_QUESTION.search(sentence):
            return NotPossible(sentence=_say_it(parsed))
        return parsed
    if parsed is None and not _has_command(core):
        return None
    reason = _exclusion(core)
    if reason is None and len(_mentioned(core, devices)) > 1:
        reason = "compound"
    if reason is not None:
        return NotPossible(sentence=_sentence_for(reason, devices))
    if parsed is None:
        return NotPossible(sentence=_how_to_ask(devices))
    return parsed


def _parsed(core: str, devices: Sequence[NamedDevice]) -> Request:
    """The wish of a sentence that consists of a command only; None for other sentences."""
    for text in (core, vocabulary.corrected(core, devices)):
        for pattern, on in vocabulary.FORMS:
            match = pattern.fullmatch(text)
            if match is None:
                continue
            wanted = on if on is not None else match["way"] in vocabulary.ON_WORDS
            named = device_named(match["device"], devices)
            if isinstance(named, NamedDevice):
                return Wish(load=named.name, on=wanted)
            if pattern is vocabulary.DEVICE_FIRST:
                continue
            if text != core or vocabulary.corrected(core, devices) == core:
                return NotPossible(sentence=_which(match["device"], named, devices))
    return None


def _mentioned(core: str, devices: Sequence[NamedDevice]) -> set[str]:
    """Devices whose mark is in a sentence, or a word of whose name no other device has."""
    meant = {devices[number].name for number in marked_in(core)}
    for word in (part.rstrip("+") for part in words(core)):
        having = [device.name for device in devices if word in _plain_words(device.name)]
        if len(having) == 1 and not word.isdigit() and len(word) > 2:
            meant.add(having[0])
    return meant


def _plain_words(name: str) -> set[str]:
    return {word.rstrip("+") for word in words(name)}


def _is_question(sentence: str) -> bool:
    return vocabulary.QUESTION.match(vocabulary.without_politeness(sentence)) is not None or (
        vocabulary.QUESTION.match(sentence) is not None
    )


def _has_command(core: str) -> bool:
    return vocabulary.COMMAND.search(core) is not None


def _exclusion(text: str) -> str | None:
    return next((reason for reason, pattern in vocabulary.EXCLUSIONS if pattern.search(text)), None)


def _is_emergency(text: str, devices: Sequence[NamedDevice]) -> bool:
    if vocabulary.NO_EMERGENCY.search(text):
        return False
    if vocabulary.EMERGENCY.search(text):
        return True
    bare = vocabulary.without_politeness(text).strip(" .!?,")
    if vocabulary.BARE_STOP.fullmatch(bare):
        return True
    all_off = vocabulary.ALL_OFF.search(text) is not None and not _mentioned(text, devices)
    return all_off and _exclusion(vocabulary.ALL_WORDS.sub(" ", text)) is None


# --- sentences for the owner ----------------------------------------------------------------------


def _example(devices: Sequence[NamedDevice], *, on: bool = True) -> str:
    name = devices[0].name if devices else "the heater"
    return f'"turn {"on" if on else "off"} {name}"'


def _names(devices: Sequence[NamedDevice]) -> str:
    return "; ".join(device.name for device in devices) or "none"


def _emergency(devices: Sequence[NamedDevice]) -> str:
    return (
        "Press STOP: it is on every page (or `commandcenter emergency-stop`). It switches every "
        "controlled load off at once, without approval, and automation stays off until an admin "
        "releases it. I can't press it. What I can do is propose to switch off one load, for your "
        f"approval: {_example(devices, on=False)}. There are: {_names(devices)}."
    )


def _one_at_a_time(devices: Sequence[NamedDevice]) -> str:
    return (
        "I propose one switch at a time, so nothing was proposed. Ask for one load, on or off, for "
        f"example {_example(devices)}. There are: {_names(devices)}. To switch everything off at "
        "once, press STOP on any page."
    )


def _which(phrase: str, named: Unclear, devices: Sequence[NamedDevice]) -> str:
    asked_name = " ".join(word for word in words(phrase) if word.isprintable()) or "it"
    if named.fits:
        return f'Which one? "{asked_name}" fits {"; ".join(named.fits)}. Nothing was proposed.'
    there_are = f"There are: {_names(devices)}. Nothing was proposed."
    return f'Which one? No load is called "{asked_name}". {there_are}'


def _say_it(wish: Wish) -> str:
    way = "on" if wish.on else "off"
    return (
        f"Do you want {wish.load} switched {way}? Then say it without a question mark: "
        f'"turn {way} {wish.load}". Nothing was proposed.'
    )


def _how_to_ask(devices: Sequence[NamedDevice]) -> str:
    return (
        "I did not understand that well enough to propose a switch. Name one load and say on or "
        f"off, for example {_example(devices)}. There are: {_names(devices)}."
    )


def _sentence_for(reason: str, devices: Sequence[NamedDevice]) -> str:
    example = _example(devices)
    match reason:
        case "negation":
            return (
                "I can propose to switch a load now, not to keep it from being switched, so "
                "nothing was proposed. To keep a miner off, disable it in its settings "
                "(/api/miners); a "
                f"proposal that you don't approve does nothing. To switch one: {example}."
            )
        case "condition":
            return (
                "I can't propose a switch that depends on something: a proposal is for now, so "
                "nothing was proposed. Miners already start and stop by their own voltage, sun and "
                "time settings (/api/miners). To switch one now, ask without the condition: "
                f"{example}."
            )
        case "time":
            return (
                "I can't propose a switch for later or for a time: a proposal is for now, so "
                "nothing was proposed. Ask when it is to happen, or give the miner a time window "
                f"in its settings (/api/miners). To switch one now: {example}."
            )
        case "level":
            return (
                "I can only propose on or off, no power, speed, temperature or mode, so nothing "
                f"was proposed. Those are settings. To switch a load now: {example}."
            )
        case _:
            return _one_at_a_time(devices)
