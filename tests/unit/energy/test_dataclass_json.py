"""Domain values to JSON and back, and what is refused."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from energy.allocation.decision import AllocationInput
from energy.dataclass_json import CodecError, canonical, from_json, object_json, to_json
from energy.site.miners import MinerProfile, MinerState
from energy.site.preferences import OperatingMode, Preferences
from energy.site.snapshot import Link, Reading, Snapshot

AT = datetime(2026, 6, 21, 19, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Anything:
    """One field of each kind that the domain has no example of."""

    facts: dict[str, Any] = field(default_factory=dict)
    flag: bool = False
    many: int = 0
    pair: tuple[float, str] = (0.0, "")


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(Reading(value=52.3, age_s=5.0, link=Link.LOCAL), id="reading"),
        pytest.param(Snapshot(at=AT, pv_power_w=Reading(value=1.0)), id="snapshot"),
        pytest.param(Preferences(operating_mode=OperatingMode.AGGRESSIVE), id="preferences"),
        pytest.param(Preferences(voltage_curve=None), id="without a curve"),
        pytest.param(
            AllocationInput(
                snapshot=Snapshot(at=AT),
                miners=(MinerProfile(id="m", name="M", power_draw_watts=1.0),),
                states=(MinerState(miner_id="m", is_on=None, since=AT),),
            ),
            id="question",
        ),
        pytest.param(Anything(facts={"a": [1, 2]}, flag=True, many=3, pair=(1.5, "x")), id="all"),
        pytest.param(Reading(value=math.inf), id="infinite"),
        pytest.param(Reading(value=-math.inf), id="minus infinite"),
    ],
)
def test_a_value_survives(value: object) -> None:
    document = to_json(value)
    assert from_json(type(value), document) == value
    assert canonical(to_json(from_json(type(value), document))) == canonical(document)


def test_a_broken_number_travels_as_text() -> None:
    document = object_json(Reading(value=math.nan))
    assert document["value"] == "NaN"
    assert math.isnan(from_json(Reading, document).value)


def test_whole_numbers_of_a_document_become_numbers() -> None:
    assert from_json(Reading, {"value": 52}) == Reading(value=52.0)
    assert from_json(Anything, {"many": 3.0}) == Anything(many=3)


@pytest.mark.parametrize(
    ("kind", "document", "path", "rule"),
    [
        pytest.param(Reading, {"value": 1.0, "volts": 2}, "volts", "is not a known field", id="?"),
        pytest.param(Reading, {}, "value", "is missing", id="missing"),
        pytest.param(Reading, [], "", "must be an object, got []", id="no object"),
        pytest.param(Reading, {"value": "1"}, "value", "must be a number, got '1'", id="text"),
        pytest.param(Reading, {"value": True}, "value", "must be a number, got True", id="bool"),
        pytest.param(
            Reading,
            {"value": 10**400},
            "value",
            "must be a finite number, got one beyond 1e308",
            id="a number of any length",
        ),
        pytest.param(
            Reading,
            {"value": math.nan},
            "value",
            "must be a finite number, got nan",
            id="not finite",
        ),
        pytest.param(
            Reading,
            {"value": 1.0, "link": "radio"},
            "link",
            "must be one of cloud, local; got 'radio'",
            id="enum",
        ),
        pytest.param(
            Snapshot,
            {"at": "2026-06-21T12:00:00"},
            "at",
            "must have an offset (such as Z or -07:00), got '2026-06-21T12:00:00'",
            id="naive time",
        ),
        pytest.param(
            Snapshot,
            {"at": "0001-01-01T00:00:00+14:00"},
            "at",
            "must be in the years 1970 to 2199, got '0001-01-01T00:00:00+14:00'",
            id="the end of the calendar",
        ),
        pytest.param(
            Snapshot, {"at": "noon"}, "at", "must be an ISO 8601 time, got 'noon'", id="no time"
        ),
        pytest.param(
            Snapshot, {"at": 5}, "at", "must be an ISO 8601 time, got 5", id="a number as time"
        ),
        pytest.param(
            Snapshot,
            {"at": AT.isoformat(), "pv_power_w": {"value": None}},
            "pv_power_w.value",
            "must be a number, got None",
            id="nested",
        ),
        pytest.param(
            Preferences,
            {"voltage_curve": [[45.0, 0.0], [56.0]]},
            "voltage_curve[1]",
            "must have 2 entries, got 1",
            id="a point of one number",
        ),
        pytest.param(
            Preferences, {"notify_urls": "x"}, "notify_urls", "must be a list, got 'x'", id="list"
        ),
        pytest.param(
            Anything, {"many": True}, "many", "must be a whole number, got True", id="true is no 1"
        ),
        pytest.param(
            Anything, {"many": 1.5}, "many", "must be a whole number, got 1.5", id="a fraction"
        ),
        pytest.param(
            Anything, {"flag": 1}, "flag", "must be true or false, got 1", id="1 is not true"
        ),
    ],
)
def test_what_does_not_fit_is_named(
    kind: type[object], document: object, path: str, rule: str
) -> None:
    with pytest.raises(CodecError) as caught:
        from_json(kind, document)
    assert (caught.value.path, caught.value.rule) == (path, rule)
    assert str(caught.value) == f"{path or 'document'}: {rule}"


def test_canonical_text_is_sorted_and_compact() -> None:
    assert canonical({"b": [1, 2.5], "a": "ä"}) == '{"a":"ä","b":[1,2.5]}'


def test_canonical_text_knows_no_broken_number() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical({"a": math.nan})
