"""Decisions to JSON for the API and for storage, and back from JSON of every allocator version.

A miner's reason is written as a code with the numbers compared. The sentences are made from those,
so they are written but not read back.
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
from energy.allocation.explanation.who_decided import WhoDecided, who_decided
from energy.dataclass_json import CodecError, JsonObject, canonical, from_json, to_json
from energy.site.miners import ControlMemory


class ExplainedMiner(NamedTuple):
    """One miner's command with its sentences and whose proposal decided it."""

    miner: MinerDecision
    sentences: Sentences
    decided: WhoDecided


def explained_miners(decision: Decision) -> Iterator[ExplainedMiner]:
    """Every miner with its sentences and with who decided, in the decision's order."""
    explained = Explanations(decision).all()
    return (
        ExplainedMiner(miner, sentences, decided)
        for (miner, sentences), decided in zip(explained, who_decided(decision), strict=True)
    )


def decision_json(decision: Decision) -> JsonObject:
    """The whole decision as it is stored."""
    return {
        "budget": to_json(decision.budget),
        "miners": [
            miner_json(line, compared(line.miner.reason)) for line in explained_miners(decision)
        ],
        "loads": to_json(decision.loads),
        "limits": list(decision.limits),
        "memory": to_json(decision.memory),
        "inputs": to_json(decision.inputs),
        "version": decision.version,
    }


def same_decision(one: Decision, other: Decision) -> bool:
    """Whether two decisions are equal but for the allocator's version."""
    return _telling(one) == _telling(other)


def _telling(decision: Decision) -> str:
    document = decision_json(decision)
    del document["version"]
    return canonical(document)


def miner_json(explained: ExplainedMiner, numbers: Compared | Mapping[str, Number]) -> JsonObject:
    """One miner's command with its sentences as JSON.

    ``numbers`` are the reason's numbers: pairs as stored, or an object as the API shows them.
    """
    miner, sentences, decided = explained
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
        "explanation": sentences.explanation,
        "would_change": sentences.would_change,
        "decided_by": to_json(decided.decided_by),
        "over": to_json(decided.over),
    }


def decision_from(document: object) -> Decision:
    """The decision that a stored document holds.

    Raises:
        CodecError: The document is no decision; the path says where.
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
    """The inputs; up to version 1.2.0 proposals were for miners only, in a field ``miner_id``."""
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


def _miner(document: Mapping[str, object]) -> MinerDecision:
    numbers = from_json(tuple[tuple[str, float | str | bool | None], ...], document["compared"])
    return MinerDecision(
        miner_id=from_json(str, document["miner_id"]),
        name=from_json(str, document["name"]),
        priority=from_json(int, document["priority"]),
        command=from_json(Command, document["command"]),
        reason=reason_of(from_json(str, document["reason"], "reason"), numbers),
        power_w=from_json(float, document["power_w"]),
        from_battery_w=from_json(float, document["from_battery_w"]),
        urgent=from_json(bool, document["urgent"]),
    )
