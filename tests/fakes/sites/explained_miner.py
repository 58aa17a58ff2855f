"""One miner's decision in sentences: the question, and the sentences of the answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from energy.allocation.allocator import allocate
from energy.allocation.decision import AllocationInput, Decision
from energy.allocation.explanation.sentences import explained
from energy.site.miners import ControlMemory, MinerMemory, MinerProfile, MinerState
from tests.fakes.sites.allocator_site import MINER, NOON, WITHOUT_RESERVE, off, running, snapshot

STARTS_AT = "may start at 52.00 V rest voltage held for 5 min"
STOPS = "stops below 50.00 V rest voltage held for 2 min, at once at 46.00 V"


def ago(seconds: float) -> Any:
    return NOON - timedelta(seconds=seconds)


def remembered(**since: Any) -> ControlMemory:
    return ControlMemory(miners=(("m", MinerMemory(**since)),))


def reason_and_sentences(question: AllocationInput) -> tuple[str, str, str]:
    """(reason, explanation, what would change it) of the only miner."""
    decision = allocate(question)
    return decided_with_sentences(decision, 0)


def decided_with_sentences(decision: Decision, index: int) -> tuple[str, str, str]:
    miner = decision.miners[index]
    why, change = explained(decision)[miner.miner_id]
    return miner.reason.code.value, why, change


def ask(
    state: MinerState | None = None, profile: MinerProfile = MINER, **changes: Any
) -> AllocationInput:
    return replace(
        AllocationInput(
            snapshot=snapshot(voltage_v=53.0, pv_w=9_000.0, load_w=1_000.0),
            miners=(profile,),
            states=(off(MINER) if state is None else state,),
            preferences=WITHOUT_RESERVE,
            conditions_have_held=True,
        ),
        **changes,
    )


ON = replace(running(MINER), power_in_load_w=0.0)


def picture(**changes: Any) -> Any:
    return snapshot(**{"voltage_v": 53.0, "pv_w": 9_000.0, "load_w": 1_000.0, **changes})


def waiting(**changes: Any) -> AllocationInput:
    return ask(**{"conditions_have_held": False, **changes})
