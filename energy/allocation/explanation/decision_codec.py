"""Decisions to JSON and back: as the API shows them, as they are stored, and of every version.

A miner's reason travels as a code with the numbers compared; its sentences are made of that and are
not read back.
"""

from __future__ import annotations

from energy.allocation.decision import AllocationInput, Budget, Command, Decision, MinerDecision
from energy.allocation.explanation.reason_codec import compared, reason_of
from energy.allocation.explanation.sentences import Explanations, Sentences
from energy.dataclass_json import CodecError, Json, canonical, from_json, to_json
from energy.site.miners import ControlMemory


def decision_json(decision: Decision) -> Json:
    """The whole decision as stored."""
    miners = [
        miner_json(miner, said, compared(miner.reason))
        for miner, said in Explanations(decision).all()
    ]
    return {
        "budget": to_json(decision.budget),
        "miners": miners,
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


def miner_json(miner: MinerDecision, said: Sentences, numbers: Json) -> Json:
    """One miner's command with its sentences; ``numbers`` in the form wanted."""
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
    }


def decision_from(document: Json) -> Decision:
    """A stored decision.

    Raises:
        CodecError: It is none.
    """
    if not isinstance(document, dict):
        raise CodecError("", f"must be an object, got {document!r}")
    try:
        return Decision(
            budget=from_json(Budget, document["budget"], "budget"),
            miners=tuple(_miner(each) for each in document["miners"]),
            limits=from_json(tuple[str, ...], document["limits"], "limits"),
            memory=from_json(ControlMemory, document["memory"], "memory"),
            inputs=from_json(AllocationInput, document["inputs"], "inputs"),
            version=from_json(str, document["version"], "version"),
        )
    except KeyError as missing:
        raise CodecError(str(missing.args[0]), "is missing") from None


def _miner(told: Json) -> MinerDecision:
    numbers = from_json(tuple[tuple[str, float | str | bool | None], ...], told["compared"])
    return MinerDecision(
        miner_id=from_json(str, told["miner_id"]),
        name=from_json(str, told["name"]),
        priority=from_json(int, told["priority"]),
        command=from_json(Command, told["command"]),
        reason=reason_of(told["reason"], numbers),
        power_w=from_json(float, told["power_w"]),
        from_battery_w=from_json(float, told["from_battery_w"]),
        urgent=from_json(bool, told["urgent"]),
    )
