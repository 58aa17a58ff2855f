"""The core followed line by line: what is carried, and what a bad line changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from energy.allocation.decision import Decision
from energy.site.pv_array import PvArray
from energy.site.reference_site import REFERENCE_MINERS
from services.control.co_simulation import (
    FollowedSite,
    follow,
    line_of,
    site_from,
)
from services.errors import Invalid
from services.telemetry.ports import SkyModel

START = datetime(2026, 6, 21, 10, 0, tzinfo=UTC)
MINER = {"name": "A", "power_draw_watts": 3_000, "start_voltage": 52.0, "stop_voltage": 50.0}


class FlatSky:
    """10 kW by day; keeps what it was made of."""

    def __init__(self, place: tuple[float, float], arrays: Sequence[PvArray]) -> None:
        self.place, self.arrays = place, tuple(arrays)

    def clear_sky_w(self, at: datetime) -> float:
        return 10_000.0 if 6 <= at.hour < 18 else 0.0


def make_sky(latitude: float, longitude: float, arrays: Sequence[PvArray]) -> SkyModel:
    return FlatSky((latitude, longitude), arrays)


def settings(**parts: Any) -> FollowedSite:
    return site_from({"settings": parts}, make_sky)


def line(minute: float, *, on: bool | None = False, power_w: float = 0.0, **more: Any) -> Any:
    snapshot = {
        "battery_voltage_v": 53.0,
        "battery_current_a": 0.0,
        "pv_power_w": 8_000.0,
        "load_power_w": 500.0 + power_w,
        **more.pop("snapshot", {}),
    }
    state = {"is_on": on, "power_w": power_w}
    return {
        "at": (START + timedelta(minutes=minute)).isoformat(),
        "snapshot": snapshot,
        "miners": [{"name": "A", "state": {**state, **more.pop("state", {})}}],
        **more,
    }


def walk(site: FollowedSite, *lines: Any) -> list[Decision]:
    decisions = []
    for each in lines:
        site, decision = follow(site, each)
        decisions.append(decision)
    return decisions


def command(decision: Decision) -> tuple[str, str]:
    return decision.miners[0].command.value, decision.miners[0].reason.code.value


def test_without_settings_it_is_the_reference_site() -> None:
    site = site_from({"settings": {}}, make_sky)
    assert site.miners == REFERENCE_MINERS
    assert isinstance(site.sky, FlatSky)
    assert site.sky.arrays == ()


def test_the_settings_make_the_site() -> None:
    site = settings(
        preferences={"battery_capacity_wh": 30_000},
        miners=[MINER],
        arrays=[{"peak_w": 12_000, "tilt_deg": 30, "azimuth_deg": 170, "inverter_limit_w": 10_000}],
        system={"latitude": 47.0, "longitude": 8.0, "timezone": "Europe/Zurich"},
    )
    assert [miner.name for miner in site.miners] == ["A"]
    assert site.preferences.battery_capacity_wh == 30_000.0
    assert site.preferences.timezone == "Europe/Zurich"
    assert isinstance(site.sky, FlatSky)
    assert site.sky.place == (47.0, 8.0)
    assert site.sky.arrays == (
        PvArray(peak_w=12_000.0, tilt_deg=30.0, azimuth_deg=170.0, inverter_limit_w=10_000.0),
    )


@pytest.mark.parametrize(
    ("document", "path"),
    [
        pytest.param({"settings": []}, "settings", id="no object"),
        pytest.param({"settings": {"wattage": 1}}, "settings.wattage", id="an unknown part"),
        pytest.param({"settings": {}, "at": "x"}, "at", id="something beside"),
        pytest.param(
            {"settings": {"system": {"country": "CH"}}}, "settings.system.country", id="system"
        ),
        pytest.param(
            {"settings": {"preferences": {"voltage_low": 60}}},
            "preferences.voltage_low",
            id="a rule of the settings",
        ),
        pytest.param(
            {"settings": {"miners": [{"name": "A"}]}}, "miners[0].power_draw_watts", id="a miner"
        ),
        pytest.param({"settings": {"arrays": [{}]}}, "settings.arrays[0].peak_w", id="no peak"),
        pytest.param(
            {"settings": {"arrays": [{"peak_w": 0}]}}, "settings.arrays[0].peak_w", id="no power"
        ),
        pytest.param(
            {"settings": {"arrays": [{"peak_w": 1, "inverter_limit_w": 0}]}},
            "settings.arrays[0].inverter_limit_w",
            id="no inverter",
        ),
    ],
)
def test_bad_settings_are_refused(document: Any, path: str) -> None:
    with pytest.raises(Invalid) as caught:
        site_from(document, make_sky)
    assert path in [where for where, _ in caught.value.problems]


def test_delays_pass_from_line_to_line() -> None:
    """The night is not known in the first hour: the sun alone starts it, after its five minutes."""
    told = walk(settings(miners=[MINER]), *(line(minute) for minute in range(6)))
    assert [command(each) for each in told] == [
        *[("stay_off", "start_hysteresis")] * 5,
        ("start", "eligible"),
    ]


def test_what_is_learned_is_carried() -> None:
    told = walk(settings(miners=[MINER]), *(line(minute) for minute in range(62)))
    assert told[0].inputs.learned.mean_base_load_w is None
    assert told[-1].inputs.learned.mean_base_load_w == pytest.approx(500.0)
    assert told[-1].inputs.learned.clear_sky_ratio == pytest.approx(0.8)
    assert told[-1].inputs.snapshot.sky.night_hours is not None
    assert told[-1].budget.reserve_known


def test_since_is_when_it_was_seen_to_switch() -> None:
    lines = [line(0), line(1, on=True, power_w=90.0), line(2, on=True, power_w=3_000.0)]
    states = [each.inputs.states[0] for each in walk(settings(miners=[MINER]), *lines)]
    switched_at = START + timedelta(minutes=1)
    assert [state.since for state in states] == [None, switched_at, switched_at]


def test_what_a_line_gives_itself_stands() -> None:
    since = "2026-06-21T08:00:00+00:00"
    given = line(0, on=True, power_w=3_000.0, state={"since": since, "runtime_today_s": 7_200.0})
    state = walk(settings(miners=[MINER]), given)[0].inputs.states[0]
    assert (state.since, state.runtime_today_s) == (datetime.fromisoformat(since), 7_200.0)


def test_runtime_counts_the_local_day() -> None:
    """From 23:58 to 00:03 in Zurich; a gap counts for five minutes at most."""
    system = {"latitude": 47.0, "longitude": 8.0, "timezone": "Europe/Zurich"}
    late = 11 * 60 + 58
    lines = [line(late + m, on=True, power_w=3_000.0) for m in (0, 1, 3, 4, 64)]
    told = walk(settings(miners=[MINER], system=system), *lines)
    assert [each.inputs.states[0].runtime_today_s for each in told] == [0, 60, 120, 180, 480]


def test_the_base_load_takes_the_miners_power_at_the_time_of_the_load() -> None:
    """It has drawn 3 kW for a minute; the load is from before."""
    late = {"age_s": {"load_power_w": 180.0}, "load_power_w": 500.0}
    lines = [
        *(line(minute) for minute in range(4)),
        line(4, on=True, power_w=3_000.0, snapshot=late),
    ]
    told = walk(settings(miners=[MINER]), *lines)
    assert told[-1].budget.base_load_w == 500.0


def test_without_powers_of_that_time_the_power_now_counts() -> None:
    late = {"age_s": {"load_power_w": 180.0}, "load_power_w": 3_500.0}
    told = walk(settings(miners=[MINER]), line(0, on=True, power_w=3_000.0, snapshot=late))
    assert told[0].budget.base_load_w == 500.0


def test_a_load_that_is_not_given_is_missing() -> None:
    bare = line(0)
    del bare["snapshot"]["load_power_w"]
    assert command(walk(settings(miners=[MINER]), bare)[0]) == ("stay_off", "telemetry_stale")


def test_a_silent_miner_is_as_it_was_for_five_minutes_then_unknown() -> None:
    silent = [{**line(minute), "miners": []} for minute in (5, 6)]
    told = walk(settings(miners=[MINER]), line(0, on=True, power_w=3_000.0), *silent)
    assert [each.inputs.states[0].is_on for each in told] == [True, True, None]
    never = walk(settings(miners=[MINER]), {**line(0), "miners": []})
    assert command(never[0]) == ("stay_off", "device_unknown")


def test_a_switch_that_does_not_answer_is_unknown() -> None:
    told = walk(settings(miners=[MINER]), line(0, on=None), {**line(1), "miners": []})
    assert [each.inputs.states[0].is_on for each in told] == [None, None]


@pytest.mark.parametrize(
    ("bad", "path"),
    [
        pytest.param([], "", id="no object"),
        pytest.param({"snapshot": {}}, "at", id="no time"),
        pytest.param({"at": "yesterday"}, "at", id="no such time"),
        pytest.param({"at": START.isoformat()}, "at", id="not after the line before"),
        pytest.param({"at": "2026-06-21T10:01:00Z", "memory": {}}, "memory", id="memory"),
        pytest.param({"at": "2026-06-21T10:01:00Z", "settings": {}}, "settings", id="settings"),
        pytest.param(
            {"at": "2026-06-21T10:01:00Z", "snapshot": {"pv_power_w": "much"}},
            "snapshot.pv_power_w",
            id="no number",
        ),
        pytest.param({"at": "2026-06-21T10:01:00Z", "miners": "all"}, "miners", id="no list"),
        pytest.param({"at": "2026-06-21T10:01:00Z", "miners": [1]}, "miners[0]", id="no miner"),
        pytest.param(
            {"at": "2026-06-21T10:01:00Z", "miners": [{"name": "B"}]},
            "miners[0].power_draw_watts",
            id="an unknown miner",
        ),
    ],
)
def test_a_bad_line_changes_nothing(bad: Any, path: str) -> None:
    site, _ = follow(settings(miners=[MINER]), line(0))
    with pytest.raises(Invalid) as caught:
        follow(site, bad)
    assert path in [where for where, _ in caught.value.problems]
    after_bad = walk(site, *(line(minute) for minute in range(1, 6)))[-1]
    assert command(after_bad) == ("start", "eligible")


def test_an_answer_has_the_shape_of_allocate() -> None:
    answer = line_of(walk(settings(miners=[MINER]), line(0))[0])
    assert sorted(answer) == ["budget", "inputs", "limits", "loads", "miners", "version"]
