"""Lines in, decisions out."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from commandcenter.follow import NO_SETTINGS, answers, sky_over
from energy.site.pv_array import PvArray

NOON = datetime(2026, 6, 21, 12, 0, tzinfo=UTC)


def line(**parts: Any) -> bytes:
    return json.dumps(parts).encode() + b"\n"


SETTINGS = line(settings={"miners": [{"name": "A", "power_draw_watts": 3_000}]})


def cycle(minute: int) -> bytes:
    return line(
        at=f"2026-06-21T12:{minute:02}:00Z",
        snapshot={"battery_voltage_v": 53.0, "pv_power_w": 8_000, "load_power_w": 500},
        miners=[{"name": "A", "state": {"is_on": False}}],
    )


def test_settings_are_answered_by_nothing_and_each_cycle_by_a_decision() -> None:
    told = [json.loads(answer) for answer in answers([SETTINGS, cycle(0), b"\n", cycle(5)])]
    assert [each["miners"][0]["command"] for each in told] == ["stay_off", "start"]


def test_each_answer_is_given_before_the_next_line_is_read() -> None:
    read: list[int] = []

    def lines() -> Any:
        for number, each in enumerate([SETTINGS, cycle(0), cycle(1)]):
            read.append(number)
            yield each

    told = answers(lines())
    next(told)
    assert read == [0, 1]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        pytest.param(b"nonsense\n", "is not JSON", id="no JSON"),
        pytest.param(b"\xff\n", "is not UTF-8", id="no text"),
        pytest.param(b"[1]\n", "must be an object", id="a list"),
        pytest.param(b"[" * 100_000 + b"\n", "is not JSON", id="deep"),
        pytest.param(line(at="2026-06-21T11:00:00Z"), "must be after", id="back in time"),
        pytest.param(
            b'{"at": "2026-06-21T12:01:00Z", "snapshot": {"pv_power_w": ' + b"9" * 400 + b"}}\n",
            "must be a finite number",
            id="larger than any number",
        ),
    ],
)
def test_a_bad_line_is_an_error_line_and_changes_nothing(bad: bytes, message: str) -> None:
    told = [json.loads(answer) for answer in answers([SETTINGS, cycle(0), bad, cycle(5)])]
    assert told[1]["error"]["line"] == 3
    assert message in told[1]["error"]["problems"][0]["message"]
    assert told[2]["miners"][0]["command"] == "start"


def test_a_load_reading_of_any_age_is_only_old() -> None:
    told = []
    for age_s in (1e5, 1e12):
        snapshot = {"battery_voltage_v": 53.0, "load_power_w": 900}
        old = line(
            at="2026-06-21T12:01:00Z", snapshot=snapshot | {"age_s": {"load_power_w": age_s}}
        )
        told.append(json.loads(list(answers([SETTINGS, cycle(0), old]))[-1])["miners"])
    assert told[0] == told[1]


def test_before_good_settings_no_cycle_is_decided() -> None:
    bad = line(settings={"arrays": "many"})
    told = [json.loads(answer) for answer in answers([cycle(0), bad, cycle(1), SETTINGS, cycle(2)])]
    assert [each.get("error", {}).get("line") for each in told] == [1, 2, 3, None]
    assert told[0]["error"]["problems"] == [{"path": "settings", "message": NO_SETTINGS}]


def test_arrays_are_added_up() -> None:
    east = PvArray(peak_w=6_000.0, azimuth_deg=90.0, inverter_limit_w=5_000.0)
    west = PvArray(peak_w=6_000.0, azimuth_deg=270.0)
    both = sky_over(47.0, 8.0, [east, west]).clear_sky_w(NOON)
    alone = sky_over(47.0, 8.0, [east]).clear_sky_w(NOON)
    assert 0.0 < alone < both
    assert sky_over(47.0, 8.0, []).clear_sky_w(NOON) > both
