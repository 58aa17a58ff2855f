"""Odd answers of the VRM cloud: a right sample, a marked one, or a VendorError.

Never a made-up value, never another error.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from services.errors import VendorError
from services.telemetry.records import BatterySample, Sample
from tests.fakes.vendor_http import Routes, answer
from tests.fakes.vendor_readers import Odd, deep, monitor, row, suspects, vrm, vrm_routes

SYSTEM = [
    row("bv", 52.3, instance=0, dbusServiceType="system"),
    row("bc", -10.0, instance=0, dbusServiceType="system"),
    row("bs", 70.0, instance=0, dbusServiceType="system"),
]


def battery(samples: Sequence[Sample]) -> list[tuple[float | None, ...]]:
    """Volts, amperes, SOC, temperature per sample."""
    return [
        (each.voltage_v, each.current_a, each.soc_pct, each.temperature_c)
        for each in samples
        if isinstance(each, BatterySample)
    ]


@pytest.mark.parametrize(
    ("rows", "instance", "expected", "suspect"),
    [
        pytest.param(SYSTEM, None, [(52.3, -10.0, 70.0, None)], set(), id="the system's"),
        pytest.param(
            [*SYSTEM, *monitor(288, 52.2, -9.0, 21.0)],
            None,
            [(52.3, -10.0, 70.0, 21.0)],
            set(),
            id="the system's with its only monitor's temperature",
        ),
        pytest.param(
            [*SYSTEM, *monitor(288, 52.2, -9.0, 21.0), *monitor(289, 26.1, 5.0, 3.0)],
            None,
            [(52.3, -10.0, 70.0, None)],
            {"temperature_c"},
            id="two monitors: whose temperature is not known",
        ),
        pytest.param(
            [*SYSTEM, *monitor(288, 52.2, -9.0, 21.0), *monitor(289, 26.1, 5.0, 3.0)],
            289,
            [(26.1, 5.0, None, 3.0)],
            set(),
            id="the chosen one only",
        ),
        pytest.param(
            [*monitor(288, 52.2, None, 21.0), *monitor(289, 26.1, 5.0, 3.0)],
            288,
            [(52.2, None, None, 21.0)],
            set(),
            id="what the chosen one lacks is not taken from the other",
        ),
        pytest.param(
            [row("bv", None), row("bc", -10.0), *monitor(288, 52.2, -9.0, 21.0)],
            None,
            [(52.2, -9.0, None, 21.0)],
            set(),
            id="no voltage in the system's: all of the monitor",
        ),
        pytest.param(
            [row("bv", "52.3"), row("bc", "x"), row("bs", False)],
            None,
            [(52.3, None, None, None)],
            set(),
            id="text and false",
        ),
        pytest.param(
            [row("bv", 52.3), row("bc", 1e308)],
            None,
            [(52.3, None, None, None)],
            {"current_a", "power_w"},
            id="10^308 A",
        ),
        pytest.param(
            [row("bv", 52.3), row("bs", 101)],
            None,
            [(52.3, None, None, None)],
            {"soc_pct"},
            id="101 %",
        ),
        pytest.param(
            [row("bv", 52.3), row("bs", 50, 1e308), row("bc", 5, "9" * 400)],
            None,
            [(52.3, None, None, None)],
            set(),
            id="times that are none",
        ),
        pytest.param(
            [row("bv", 52.3), row("bc", 5, -9_000_000_000_000)],
            None,
            [(52.3, None, None, None)],
            set(),
            id="a time beyond the calendar",
        ),
        pytest.param(
            [row("bv", 52.3), {"code": deep(60), "rawValue": 1}, {}],
            None,
            [(52.3, None, None, None)],
            set(),
            id="rows that are none",
        ),
        pytest.param(
            [row("V", 12.8, instance=276, dbusServiceType="vebus"), row("bv", 52.3)],
            None,
            [(52.3, None, None, None)],
            set(),
            id="an inverter's V is no battery's",
        ),
    ],
)
async def test_vrm_batteries(
    rows: list[Odd],
    instance: int | None,
    expected: list[tuple[float | None, ...]],
    suspect: set[str],
) -> None:
    async with vrm(vrm_routes(rows), instance) as reader:
        samples = await reader.read()
    assert (battery(samples), suspects(samples)) == (expected, suspect)


@pytest.mark.parametrize(
    ("rows", "instance", "detail"),
    [
        pytest.param(
            [*monitor(288, 52.2, -9.0, 21.0), *monitor(289, 26.1, 5.0, 3.0)],
            None,
            r"several battery monitors \(288, 289\)",
            id="two monitors and none chosen",
        ),
        pytest.param(SYSTEM, 288, "no battery monitor 288; there are: none", id="no such monitor"),
        pytest.param([row("bv", 52.3, -7200)], None, "7200 s ahead", id="two hours ahead"),
        pytest.param([], None, "no battery values", id="nothing"),
        pytest.param({"a": 1}, None, "not understood", id="no list"),
        pytest.param([row("bv", 1)] * 5_001, None, "not understood", id="far too many rows"),
    ],
)
async def test_vrm_errors(rows: object, instance: int | None, detail: str) -> None:
    async with vrm(vrm_routes(rows), instance) as reader:
        with pytest.raises(VendorError, match=detail):
            await reader.read()


@pytest.mark.parametrize(
    "errors",
    [pytest.param(deep(900), id="nested"), pytest.param({"a": deep(900)}, id="nested object")],
)
async def test_vrm_says_deeply_nested_errors_shortly(errors: object) -> None:
    routes = Routes(**{"/users/me": answer({"success": False, "errors": errors})})
    async with vrm(routes) as reader:
        with pytest.raises(VendorError, match="…"):
            await reader.read()


@pytest.mark.parametrize(
    "user", [{"id": "x"}, {"id": 1e308}, {"id": -1}, {"id": None}, {}, [], "22"]
)
async def test_vrm_users_that_are_none(user: object) -> None:
    routes = Routes(**{"/users/me": answer({"success": True, "user": user})})
    async with vrm(routes) as reader:
        with pytest.raises(VendorError, match="not understood"):
            await reader.read()
