"""Any decision can be stored, read back, replayed to the same bytes and told."""

from __future__ import annotations

from hypothesis import given

from energy.allocation.allocator import allocate
from energy.allocation.decision import AllocationInput
from energy.allocation.explanation.decision_codec import decision_from, decision_json, same_decision
from energy.allocation.explanation.sentences import explained
from energy.dataclass_json import canonical
from tests.property.allocation_questions import LIGHT, any_question


@LIGHT
@given(any_question)
def test_a_stored_decision_is_read_back_and_replays_to_the_same_bytes(
    question: AllocationInput,
) -> None:
    decision = allocate(question)
    stored = canonical(decision_json(decision))
    reread = decision_from(decision_json(decision))
    assert canonical(decision_json(reread)) == stored
    assert canonical(decision_json(allocate(reread.inputs))) == stored
    assert same_decision(reread, decision)


@LIGHT
@given(any_question)
def test_every_miner_has_its_sentences(question: AllocationInput) -> None:
    for why, change in explained(allocate(question)).values():
        assert why.endswith(".")
        assert change
        assert not change.endswith(".")
