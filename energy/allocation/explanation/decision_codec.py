"""Decisions to JSON and back: as the API shows them, as they are stored, and of every version.

A miner's reason travels as a code with the numbers compared; its sentences are made of that and are
not read back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from energy.allocation.decision import (
    AllocationInput,
    Budget,
    Command,
    Decision,
    LoadDecision,
    MinerDecision,
)
from energy.allocation.explanation.reason_codec import Compared, Number, compared, reason_of
from energy.allocation.explanation.sentences import Explanations, Sentences
from energy.allocation.explanation.who_decided import Say, says
from energy.dataclass_json import CodecError, JsonObject, canonical, from_json, to_json
from energy.site.miners import ControlMemory


class ToldMiner(NamedTuple):
    """One miner's command with what is told of it."""

    miner: MinerDecision
    said: Sentences
    say: Say


def told(decision: Decision) -> Iterator[ToldMiner]:
    """Every miner with its sentences and with who had the say, in the decision's order."""
    explained = Explanations(decision).all()
    return (
        ToldMiner(miner, said, say)
        for (miner, said), say in zip(explained, says(decision), strict=True)
    )


def decision_json(decision: Decision) -> JsonObject:
    """The whole decision as stored."""
    return {
        "budget": to_json(decision.budget),
        "miners": [miner_json(line, compared(line.miner.reason)) for line in told(decision)],
        "loads": to_json(decision.loads),
        "limits": list(decision.limits),
        "memory": to_json(decision.memory),
        "inputs": to_json(decision.inputs),
        "version": decision.version,
    }


def same_decision(one: Decision, other: Decision) -> bool:
    """Whether both decide the same from the same, whatever versions decided."""
    return _telling(one) == _telling(other)


def _telling(decision: Decision) -> str:
    document = decision_json(decision)
    del document["version"]
    return canonical(document)


def miner_json(told: ToldMiner, numbers: Compared | Mapping[str, Number]) -> JsonObject:
    """One miner's command with its sentences; ``numbers`` in the form wanted."""
    miner, said, say = told
    return {
        "miner_id": miner.miner_id,
        "name": miner.name,
        "priority": miner.priority,
        "command": miner.command.value,
        "reason": miner.reason.code.value,
        "compared": to_json(numbers),
        "power_w": to_json(miner.power_w),
        "from_battery_w": to_json(miner.from_battery_w),
        "urgent": miner.urgent,
        "explanation": said.explanation,
        "would_change": said.would_change,
        "decided_by": to_json(say.decided_by),
        "over": to_json(say.over),
    }


def decision_from(document: object) -> Decision:
    """A stored decision.

    Raises:
        CodecError: It is none.
    """
    if not isinstance(document, dict):
        raise CodecError("", f"must be an object, got {document!r}")
    try:
        return Decision(
            budget=from_json(Budget, document["budget"], "budget"),
            miners=tuple(_miner(miner) for miner in _objects(document["miners"], "miners")),
            loads=from_json(tuple[LoadDecision, ...], document.get("loads", []), "loads"),
            limits=from_json(tuple[str, ...], document["limits"], "limits"),
            memory=from_json(ControlMemory, document["memory"], "memory"),
            inputs=from_json(AllocationInput, _inputs(document["inputs"]), "inputs"),
            version=from_json(str, document["version"], "version"),
        )
    except KeyError as missing:
        raise CodecError(str(missing.args[0]), "is missing") from None


def _inputs(given: object) -> object:
    """The question; up to version 1.2.0 a proposal was for miners alone and named it so."""
    if not isinstance(given, dict):
        return given
    proposals = [
        {"load_id" if name == "miner_id" else name: value for name, value in proposal.items()}
        for proposal in _objects(given.get("proposals", []), "inputs.proposals")
    ]
    return {**given, "proposals": proposals}


def _objects(given: object, path: str) -> Iterator[Mapping[str, object]]:
    if not isinstance(given, list):
        raise CodecError(path, f"must be a list, got {given!r}")
    for item in given:
        if not isinstance(item, dict):
            raise CodecError(path, f"must hold objects, got {item!r}")
        yield item


def _miner(told: Mapping[str, object]) -> MinerDecision:
    numbers = from_json(tuple[tuple[str, float | str | bool | None], ...], told["compared"])
    return MinerDecision(
        miner_id=from_json(str, told["miner_id"]),
        name=from_json(str, told["name"]),
        priority=from_json(int, told["priority"]),
        command=from_json(Command, told["command"]),
        reason=reason_of(from_json(str, told["reason"], "reason"), numbers),
        power_w=from_json(float, told["power_w"]),
        from_battery_w=from_json(float, told["from_battery_w"]),
        urgent=from_json(bool, told["urgent"]),
    )
