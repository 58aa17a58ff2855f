"""Decisions are read back typed, those of earlier versions too; what is none is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import pytest

from energy.allocation.allocator import allocate
from energy.allocation.explanation.decision_codec import decision_from, decision_json
from energy.allocation.explanation.reason_codec import Number, compared, reason_of
from energy.allocation.explanation.sentences import Explanations
from energy.allocation.reasons import (
    BelowStartVoltage,
    ConditionCeased,
    Disabled,
    LoadUnknown,
    MinimumOn,
    NotSunny,
    Reason,
    ReasonCode,
    ReserveKept,
    StartHysteresis,
    VoltageStale,
)
from energy.dataclass_json import CodecError
from services.stored import Json
from tests.fakes.sites.allocator_site import ask

OLD: Json = json.loads((Path(__file__).parent / "decision_1_1_0.json").read_text("utf-8"))
"""As version 1.1.0 stored it, with a current that is no number."""


def test_a_decision_of_version_1_1_0_is_read_and_told() -> None:
    decision = decision_from(OLD)
    assert decision.version == "1.1.0"
    assert [miner.reason for miner in decision.miners] == [
        StartHysteresis(rest_voltage_v=52.3, raw_voltage_v=52.3, start_voltage_v=50.0),
        ConditionCeased(ceasing=NotSunny(sunny=None)),
        BelowStartVoltage(rest_voltage_v=52.3, raw_voltage_v=52.3, start_voltage_v=54.5),
        MinimumOn(on_for_s=300.0, minimum_on_s=900.0, held_against=ReasonCode.DISABLED),
    ]
    told: Json = decision_json(decision)
    assert told["miners"][1]["compared"] == OLD["miners"][1]["compared"]
    assert len(allocate(decision.inputs).miners) == len(decision.miners), "it can be replayed"
    said = Explanations(decision).of(decision.miners[1])
    assert said.explanation == (
        "Keeps running (3 878 W from the sun), but a condition has ceased (not sunny): it stops"
        " when that lasts 2 min."
    )


def test_every_reason_has_its_code() -> None:
    assert {kind.code for kind in get_args(Reason)} == set(ReasonCode)


@pytest.mark.parametrize(
    ("reason", "numbers"),
    [
        pytest.param(Disabled(), (), id="no numbers"),
        pytest.param(VoltageStale(voltage_age_s=None), (("voltage_age_s", None),), id="one code"),
        pytest.param(LoadUnknown(), (("load_power_w", None),), id="for two reasons"),
        pytest.param(
            ConditionCeased(ceasing=NotSunny(sunny=False)),
            (("ceasing", "not_sunny"), ("sunny", False)),
            id="a reason within a reason",
        ),
        pytest.param(
            ConditionCeased(ceasing=NotSunny(sunny=False), lent_min=20.0),
            (("ceasing", "not_sunny"), ("lent_min", 20.0), ("sunny", False)),
            id="while the battery lends",
        ),
    ],
)
def test_there_and_back(reason: Reason, numbers: tuple[tuple[str, Number], ...]) -> None:
    assert compared(reason) == numbers
    assert reason_of(reason.code, numbers) == reason


def test_numbers_that_came_later_have_their_defaults() -> None:
    numbers = [("usable_wh", 1.0), ("needed_wh", 2.0), ("reserve_wh", 2.0)]
    flows = [("solar_surplus_free_w", 0.0), ("needed_w", 3_000.0)]
    kept = reason_of("night_reserve", [*numbers, *flows])
    assert isinstance(kept, ReserveKept)
    assert kept.reserve_known


@pytest.mark.parametrize(
    ("code", "numbers", "problem"),
    [
        pytest.param("hunger", [], "reason: must be one of", id="unknown code"),
        pytest.param("budget", [], "compared: nothing is not compared for budget", id="too few"),
        pytest.param(
            "disabled", [("sunny", True)], "compared: sunny is not compared", id="too many"
        ),
        pytest.param(
            "stop_hysteresis",
            [("ceasing", "device_unknown")],
            "compared.ceasing: device_unknown is no condition",
            id="not a condition",
        ),
    ],
)
def test_what_is_no_reason(code: str, numbers: list[tuple[str, Number]], problem: str) -> None:
    with pytest.raises(CodecError, match=problem):
        reason_of(code, numbers)


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        pytest.param(None, "must be an object", id="nothing"),
        pytest.param({}, "budget: is missing", id="empty"),
        pytest.param({**OLD, "memory": 1}, "memory: must be an object", id="wrong type"),
        pytest.param({**OLD, "inputs": 1}, "inputs: must be an object", id="no question"),
        pytest.param({**OLD, "miners": {}}, "miners: must be a list", id="no list"),
        pytest.param({**OLD, "miners": [7]}, "miners: must hold objects", id="no objects"),
    ],
)
def test_what_is_no_decision(document: Json, problem: str) -> None:
    with pytest.raises(CodecError, match=problem):
        decision_from(document)


def test_the_example_is_read_back_as_it_was_decided() -> None:
    decision = allocate(ask())
    assert decision_from(decision_json(decision)) == decision
