"""Odd answers of the SolArk cloud: a right sample, a marked one, or a VendorError.

Never a made-up value, never another error.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from services.errors import VendorError
from services.telemetry.records import EnergySample, Sample
from tests.fakes.vendor_http import Plain, answer
from tests.fakes.vendor_readers import (
    DETAIL,
    FLOW,
    REALTIME,
    Odd,
    deep,
    solark,
    solark_routes,
    suspects,
)


def powers(samples: Sequence[Sample]) -> tuple[float | None, ...]:
    """PV, load, battery, grid, SOC, voltage, temperature of what was read."""
    names = (
        "pv_power_w",
        "load_power_w",
        "battery_power_w",
        "grid_power_w",
        "soc_pct",
        "battery_voltage_v",
        "temperature_c",
    )
    energy = [each for each in samples if isinstance(each, EnergySample)]
    found = [[getattr(each, name) for each in energy] for name in names]
    return tuple(next((value for value in values if value is not None), None) for values in found)


ALL = {"pv_power_w", "load_power_w", "battery_power_w", "grid_power_w"}
RIGHT = (6000.0, 3000.0, 3000.0, 0.0, 80.0, 53.3, 21.0)


@pytest.mark.parametrize(
    ("flow", "expected", "suspect"),
    [
        pytest.param({}, RIGHT, set(), id="as always"),
        pytest.param({"pvPower": "6000"}, RIGHT, set(), id="a number as text"),
        pytest.param({"pvPower": " 6000.0 "}, RIGHT, set(), id="with spaces"),
        pytest.param({"pvPower": -6000}, RIGHT, set(), id="a signed magnitude"),
        pytest.param({"pvPower": None}, (None, *RIGHT[1:]), set(), id="null"),
        pytest.param({"pvPower": False}, (None, *RIGHT[1:]), set(), id="false"),
        pytest.param({"pvPower": True}, (None, *RIGHT[1:]), set(), id="true is no watt"),
        pytest.param({"pvPower": {}}, (None, *RIGHT[1:]), set(), id="an object"),
        pytest.param({"pvPower": [6000]}, (None, *RIGHT[1:]), set(), id="a list"),
        pytest.param({"pvPower": "6.0 kW"}, (None, *RIGHT[1:]), set(), id="with a unit"),
        pytest.param({"pvPower": "71.1 kWh"}, (None, *RIGHT[1:]), set(), id="energy for power"),
        pytest.param({"pvPower": "NaN"}, (None, *RIGHT[1:]), set(), id="not a number"),
        pytest.param({"pvPower": "1e999"}, (None, *RIGHT[1:]), set(), id="infinite"),
        pytest.param({"pvPower": "6_000"}, (None, *RIGHT[1:]), set(), id="6_000"),
        pytest.param({"pvPower": "६०००"}, (None, *RIGHT[1:]), set(), id="other digits"),
        pytest.param({"pvPower": deep(80)}, (None, *RIGHT[1:]), set(), id="nested"),
        pytest.param(
            {"pvPower": 1e308}, (None, *RIGHT[1:]), {"pv_power_w"}, id="10^308 W: only that one"
        ),
        pytest.param({"soc": 140}, (*RIGHT[:4], None, *RIGHT[5:]), {"soc_pct"}, id="140 %"),
        pytest.param({"soc": -1}, (*RIGHT[:4], None, *RIGHT[5:]), {"soc_pct"}, id="−1 %"),
        pytest.param(
            {"loadOrEpsPower": 0},
            (6000.0, None, *RIGHT[2:]),
            {"load_power_w"},
            id="no current transformer",
        ),
        pytest.param({"loadOrEpsPower": 1000}, (6000.0, 1000.0, *RIGHT[2:]), ALL, id="unbalanced"),
        pytest.param(
            {"toBat": False},
            (6000.0, 3000.0, None, *RIGHT[3:]),
            {"battery_power_w"},
            id="no direction",
        ),
        pytest.param(
            {"batTo": "true"},
            (6000.0, 3000.0, None, *RIGHT[3:]),
            {"battery_power_w"},
            id="both directions",
        ),
        pytest.param(
            {"pvPower": 3000, "battPower": 1500, "loadOrEpsPower": 1500},
            (3000.0, 1500.0, 1500.0, *RIGHT[3:]),
            set(),
            id="half of it: one inverter has no parts",
        ),
        pytest.param(
            {"pvPower": None, "pv": [{"power": 2500}, {"power": "3500"}]},
            RIGHT,
            set(),
            id="inputs one by one",
        ),
    ],
)
async def test_solark_flows(
    flow: Odd, expected: tuple[float | None, ...], suspect: set[str]
) -> None:
    async with solark(solark_routes(flow={**FLOW, **flow})) as reader:
        samples = await reader.read()
    assert (powers(samples), suspects(samples)) == (expected, suspect)


HALF = {**FLOW, "pvPower": 3000, "battPower": 1500, "loadOrEpsPower": 1500}
NO_JSON = "HTTP 200 without JSON (no content type, 6 bytes)"
TWO = [{"sn": "E1", "pac": 3000}, {"sn": "E2", "pac": 3000}]


@pytest.mark.parametrize(
    ("parts", "expected", "suspect", "cautions"),
    [
        pytest.param(
            {"flow": HALF, "inverters": {"infos": TWO}},
            (3000.0, 1500.0, 1500.0, 0.0, 80.0, 53.3, 21.0),
            ALL,
            [],
            id="the part of one of two inverters",
        ),
        pytest.param(
            {"detail": answer({"code": 500, "msg": "Something went wrong"})},
            (*RIGHT[:5], None, None),
            set(),
            ["inverter battery could not be read: code 500: Something went wrong"],
            id="the battery's detail fails",
        ),
        pytest.param(
            {"detail": Plain(b"<html>", {}), "inverters": answer({}, 404)},
            (*RIGHT[:5], None, None),
            set(),
            [
                f"inverter battery could not be read: {NO_JSON}",
                "plant inverters could not be read: HTTP 404",
            ],
            id="both that only add fail",
        ),
        pytest.param(
            {"detail": {"voltage": 0, "temp": -100, "soc": 0}},
            (*RIGHT[:5], None, None),
            set(),
            [],
            id="no battery",
        ),
        pytest.param(
            {"detail": {"bmsVolt": 52.6, "bmsTemp": "19.5"}},
            (*RIGHT[:5], 52.6, 19.5),
            set(),
            [],
            id="what the battery itself says",
        ),
        pytest.param(
            {"detail": {"voltage": 5330, "temp": 400}},
            (*RIGHT[:5], None, None),
            {"battery_voltage_v", "temperature_c"},
            [],
            id="5 330 V and 400 °C",
        ),
        pytest.param(
            {"detail": {**DETAIL, "time": "0001-01-01T00:00:00+23:00"}},
            RIGHT,
            set(),
            [],
            id="a time before the calendar",
        ),
        pytest.param(
            {"realtime": {**REALTIME, "totalPower": 2}},
            RIGHT,
            {"pv_power_w"},
            [],
            id="more sun than the array can give",
        ),
    ],
)
async def test_solark_parts(
    parts: Odd, expected: tuple[float | None, ...], suspect: set[str], cautions: list[str]
) -> None:
    async with solark(solark_routes(**parts)) as reader:
        samples = await reader.read()
    assert (powers(samples), suspects(samples)) == (expected, suspect)
    assert list(reader.cautions()) == cautions


@pytest.mark.parametrize(
    ("parts", "detail"),
    [
        pytest.param({"realtime": {}}, "does not say when", id="no time"),
        pytest.param({"realtime": {"updateAt": "soon"}}, "does not say when", id="no such time"),
        pytest.param(
            {"realtime": {"updateAt": "9999-12-31T23:59:59-12:00"}}, "does not say when", id="end"
        ),
        pytest.param(
            {"realtime": {"updateAt": "9999-12-31T00:00:00Z"}}, "its clock runs", id="the year 9999"
        ),
        pytest.param({"flow": [1, 2]}, "not understood", id="a list"),
        pytest.param({"flow": answer({"code": 2, "msg": "No"})}, "code 2: No", id="no rights"),
        pytest.param({"flow": answer({"code": "x"})}, "no code", id="no code"),
        pytest.param({"flow": answer({"code": 1e308, "msg": "x"})}, r"1e\+308", id="a huge code"),
        pytest.param({"flow": answer([])}, "no code", id="no envelope"),
    ],
)
async def test_solark_errors(parts: Odd, detail: str) -> None:
    async with solark(solark_routes(**parts)) as reader:
        with pytest.raises(VendorError, match=detail):
            await reader.read()
