"""Powers that can't be the plant's are suspect: a part of the sum, more than the array gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from integrations.solark.mapping import POWERS
from services.telemetry.records import EnergySample, Sample
from tests.fakes.solark_cloud import FLOW, SAMPLE, Cloud, fine, one_inverter, reader
from tests.fakes.vendor_http import Answer, answer


def energy(samples: Sequence[Sample]) -> list[EnergySample]:
    return [sample for sample in samples if isinstance(sample, EnergySample)]


def three_inverters(*minutes: int, pac: float = 1000) -> Answer:
    return fine(
        {
            "infos": [
                {"sn": f"00E{n}", "pac": pac, "updateAt": f"2026-04-03T16:{minute:02}:00Z"}
                for n, minute in enumerate(minutes)
            ]
        }
    )


SILENT = "inverter …00E2 has reported 11 min less recently than the others"


PART = (
    "the flow shows 3000 W of sun and the plant's total 4503 W: it may be the part of one inverter"
)


@pytest.mark.parametrize(
    ("inverters", "why"),
    [
        pytest.param(three_inverters(37, 36, 27), None, id="all within one upload"),
        pytest.param(three_inverters(37, 36, 26), SILENT, id="one missed its upload"),
        pytest.param(three_inverters(37, 36, 37, pac=1333), None, id="a quarter less: weather"),
        pytest.param(three_inverters(37, 36, 37, pac=1501), PART, id="a part of the sun"),
        pytest.param(one_inverter(pac=9000), None, id="one inverter has no parts"),
    ],
)
async def test_a_subtotal_of_parallel_inverters_is_suspect(
    inverters: Answer, why: str | None
) -> None:
    cloud = Cloud()
    cloud.routes.set("/inverters", inverters)
    cloud.routes.set("inverter/battery/E1/realtime", fine({}))
    expected = SAMPLE if why is None else replace(SAMPLE, suspect=dict.fromkeys(POWERS, why))
    solark = reader(cloud, serial="E1")
    assert await solark.read() == [expected]
    assert await solark.read() == [expected], "the same report is judged once"


FELL = "all powers fell at once, as when one of several inverters is missing from the sum"


@pytest.mark.parametrize(
    ("inverters", "flows", "doubted"),
    [
        pytest.param(
            three_inverters(37),
            [(6000, 4000, 2000), (6000, 4000, 2000)],
            [False, False],
            id="one inverter",
        ),
        pytest.param(
            three_inverters(37, 37, pac=100),
            [(6000, 4000, 2000), (3000, 2000, 1000), (3100, 2100, 1000), (6000, 4000, 2000)],
            [False, True, False, False],
            id="a dip is doubted once; the next report that agrees clears it",
        ),
        pytest.param(
            three_inverters(37, 37, pac=100),
            [(6000, 4000, 2000), (3000, 4000, -1000)],
            [False, False],
            id="a cloud: the load stays",
        ),
        pytest.param(
            three_inverters(37, 37, pac=100),
            [(6000, 4000, 2000), (6000, 1000, 5000)],
            [False, False],
            id="a miner stops: the sun stays",
        ),
        pytest.param(
            answer({}, 404),
            [(6000, 4000, 2000), (3000, 2000, 1000)],
            [False, True],
            id="the list can't be read: there may be several",
        ),
        pytest.param(
            answer({}, 404),
            [(0, 6000, -6000), (0, 2000, -2000)],
            [False, False],
            id="at night a miner's stop takes the battery with it",
        ),
        pytest.param(
            three_inverters(37, 37, pac=0),
            [(0, 6000, -6000), (0, 2000, -2000)],
            [False, True],
            id="at night with several inverters it may be a part",
        ),
        pytest.param(
            three_inverters(37, 37, pac=0),
            [(0, 400, -400), (0, 100, -100)],
            [False, False],
            id="what is small may fall",
        ),
    ],
)
async def test_one_reports_dip_of_all_powers_is_suspect(
    inverters: Answer, flows: list[tuple[float, float, float]], doubted: list[bool]
) -> None:
    cloud, found = Cloud(), []
    cloud.routes.set("/inverters", inverters)
    cloud.routes.set("inverter/battery/E1/realtime", fine({}))
    solark = reader(cloud, serial="E1")
    for minute, (pv_w, load_w, battery_w) in enumerate(flows):
        cloud.routes.set("/plant/424242/realtime", fine({"updateAt": f"2026-04-03T16:3{minute}Z"}))
        flow = {"pvPower": pv_w, "loadOrEpsPower": load_w, "battPower": battery_w}
        direction = {"toBat": battery_w > 0, "batTo": battery_w < 0, "gridOrMeterPower": 0}
        cloud.routes.set("/flow", fine({**flow, **direction}))
        found.append([sample.suspect for sample in await solark.read()])
    assert found == [[dict.fromkeys(POWERS, FELL) if doubt else {}] for doubt in doubted]


@pytest.mark.parametrize(
    ("size_kw", "doubted"),
    [(2.1, False), (1.9, True), (0, False), (None, False), ("much", False)],
)
async def test_more_sun_than_the_array_can_give_is_suspect(size_kw: object, doubted: bool) -> None:
    cloud = Cloud()
    cloud.routes.set(
        "/plant/424242/realtime",
        fine({"updateAt": "2026-04-03T16:37:01Z", "totalPower": size_kw}),
    )
    why = {"pv_power_w": "3000 W is more than the array of 1900 W gives"}
    assert await reader(cloud).read() == [replace(SAMPLE, suspect=why if doubted else {})]


async def test_what_cannot_be_is_not_kept() -> None:
    cloud = Cloud()
    cloud.routes.set("/flow", fine({**FLOW, "pvPower": 1e308, "toBat": True, "soc": 140}))
    found = await reader(cloud).read()
    assert [(s.pv_power_w, s.load_power_w, s.soc_pct) for s in energy(found)] == [
        (None, 2000.0, None)
    ]
    assert energy(found)[0].suspect == {
        "pv_power_w": "1e+308 W can't be: it is from -50 to 150000 W",
        "soc_pct": "140 % can't be: it is from 0 to 100 %",
    }
