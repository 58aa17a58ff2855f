"""SolArk's flow (magnitudes with flags) and day curves (signed the other way) with our signs."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from integrations.solark.mapping import POWERS, day_samples, directed_w, energy_sample
from integrations.solark.payloads import BatteryDetail, Day, FlowPayload
from services.telemetry.records import EnergySample

INVERTER = UUID(int=1)
AT = datetime(2026, 4, 3, 16, 37, 1, tzinfo=UTC)

CHARGING = {
    "pvPower": 9974,
    "battPower": 1000,
    "gridOrMeterPower": 7300,
    "loadOrEpsPower": 1653,
    "genPower": 0,
    "minPower": 0,
    "soc": 88.5,
    "toBat": True,
    "batTo": False,
    "toGrid": True,
    "gridTo": False,
}
NIGHT = {
    "pvPower": 0,
    "battPower": "2400",
    "gridOrMeterPower": 0,
    "loadOrEpsPower": "2350",
    "soc": 61,
    "toBat": False,
    "batTo": True,
}


def unbalanced(imbalance_w: int) -> dict[str, str]:
    return dict.fromkeys(POWERS, f"sources and sinks differ by {imbalance_w} W")


def unmeasured(missing_w: int) -> str:
    return f"it shows 0 W, but {missing_w} W more come in than go out: nothing measures the load"


def flow(base: dict[str, object], **changes: object) -> FlowPayload:
    return FlowPayload.model_validate({**base, **changes})


@pytest.mark.parametrize(
    ("magnitude", "plus", "minus", "signed"),
    [
        (64.0, True, False, 64.0),
        (64.0, False, True, -64.0),
        (-64.0, True, False, 64.0),
        (-64.0, None, True, -64.0),
        (0.0, False, True, 0.0),
        (50.0, False, False, 0.0),
        (51.0, False, False, None),
        (50.0, True, True, 0.0),
        (51.0, True, True, None),
        (None, True, False, None),
    ],
)
def test_direction(
    magnitude: float | None, plus: bool | None, minus: bool | None, signed: float | None
) -> None:
    assert directed_w(magnitude, plus=plus, minus=minus) == signed


@pytest.mark.parametrize(
    ("sent", "powers", "suspect"),
    [
        pytest.param(CHARGING, (9974.0, 1653.0, 1000.0, -7300.0, 88.5), {}, id="charge, export"),
        pytest.param(NIGHT, (0.0, 2350.0, -2400.0, 0.0, 61.0), {}, id="discharge, as text"),
        pytest.param(
            {**NIGHT, "battPower": -2400}, (0.0, 2350.0, -2400.0, 0.0, 61.0), {}, id="signed"
        ),
        pytest.param(
            {**NIGHT, "battPower": 400, "gridOrMeterPower": 2000, "gridTo": True},
            (0.0, 2350.0, -400.0, 2000.0, 61.0),
            {},
            id="import",
        ),
        pytest.param(
            {**CHARGING, "loadOrEpsPower": 1153},
            (9974.0, 1153.0, 1000.0, -7300.0, 88.5),
            unbalanced(521),
            id="521 W amiss: over the tolerance",
        ),
        pytest.param(
            {**CHARGING, "loadOrEpsPower": 1174},
            (9974.0, 1174.0, 1000.0, -7300.0, 88.5),
            {},
            id="500 W amiss: within",
        ),
        pytest.param(
            {**NIGHT, "loadOrEpsPower": 0},
            (0.0, None, -2400.0, 0.0, 61.0),
            {"load_power_w": unmeasured(2400)},
            id="no current transformer: the load reads 0",
        ),
        pytest.param(
            {**NIGHT, "battPower": 400, "loadOrEpsPower": 0},
            (0.0, None, -400.0, 0.0, 61.0),
            {"load_power_w": unmeasured(400)},
            id="a small load that nothing measures",
        ),
        pytest.param(
            {**NIGHT, "battPower": 120, "loadOrEpsPower": 0},
            (0.0, 0.0, -120.0, 0.0, 61.0),
            {},
            id="what the inverter uses itself",
        ),
        pytest.param(
            {**CHARGING, "loadOrEpsPower": 0, "battPower": 9000},
            (9974.0, 0.0, 9000.0, -7300.0, 88.5),
            unbalanced(6326),
            id="a load of 0 where more goes out than comes in explains nothing",
        ),
        pytest.param(
            {
                **CHARGING,
                "pvPower": None,
                "pv": [{"power": "4974"}, {"power": 5000, "toInv": True}],
            },
            (9974.0, 1653.0, 1000.0, -7300.0, 88.5),
            {},
            id="inputs one by one are summed",
        ),
        pytest.param(
            {**CHARGING, "pvPower": None, "pv": [{"power": 4974}, {"power": None}]},
            (None, 1653.0, 1000.0, -7300.0, 88.5),
            {},
            id="a part of the inputs is no sum",
        ),
        pytest.param(
            {**CHARGING, "pv": "none"},
            (9974.0, 1653.0, 1000.0, -7300.0, 88.5),
            {},
            id="inputs that are no list",
        ),
        pytest.param(
            {**NIGHT, "loadOrEpsPower": "2.35 kWh", "pvPower": "1_000"},
            (None, None, -2400.0, 0.0, 61.0),
            {},
            id="text that is no plain number",
        ),
        pytest.param(
            {**NIGHT, "batTo": False},
            (0.0, 2350.0, None, 0.0, 61.0),
            {"battery_power_w": "2400 W without a direction"},
            id="power without direction is unknown",
        ),
        pytest.param(
            {**CHARGING, "gridTo": True},
            (9974.0, 1653.0, 1000.0, None, 88.5),
            {"grid_power_w": "7300 W without a direction"},
            id="both directions are unknown",
        ),
        pytest.param(
            {**NIGHT, "genPower": 2000, "existsGen": True, "loadOrEpsPower": 4350},
            (0.0, 4350.0, -2400.0, 0.0, 61.0),
            {},
            id="a generator carries its part",
        ),
        pytest.param(
            {**NIGHT, "genPower": 2000, "loadOrEpsPower": 4350},
            (0.0, 4350.0, -2400.0, 0.0, 61.0),
            unbalanced(1950),
            id="a generator that is not there does not",
        ),
        pytest.param(
            {**CHARGING, "pvPower": 8000, "minPower": 1974, "existsMin": True},
            (9974.0, 1653.0, 1000.0, -7300.0, 88.5),
            {},
            id="micro-inverters are sun too",
        ),
        pytest.param(
            {"pvPower": 500, "soc": None},
            (500.0, None, None, None, None),
            {},
            id="what is absent is unknown",
        ),
        pytest.param(
            {**NIGHT, "loadOrEpsPower": False, "battPower": None},
            (0.0, None, None, 0.0, 61.0),
            {},
            id="false and null",
        ),
    ],
)
def test_flow(
    sent: dict[str, object], powers: tuple[float | None, ...], suspect: dict[str, str]
) -> None:
    pv_w, load_w, battery_w, grid_w, soc_pct = powers
    assert energy_sample(flow(sent), None, device_id=INVERTER, at=AT) == EnergySample(
        device_id=INVERTER,
        at=AT,
        pv_power_w=pv_w,
        load_power_w=load_w,
        battery_power_w=battery_w,
        grid_power_w=grid_w,
        soc_pct=soc_pct,
        suspect=suspect,
    )


@pytest.mark.parametrize(
    ("detail", "voltage_v", "temperature_c"),
    [
        pytest.param({"voltage": "53.3", "temp": "18.7"}, 53.3, 18.7, id="as text"),
        pytest.param({"voltage": 52, "temp": -100}, 52.0, None, id="−100 °C: no sensor"),
        pytest.param({"voltage": 0, "temp": 0.0}, None, None, id="0 V: no battery, no temperature"),
        pytest.param({"temp": 21.0}, None, None, id="no voltage: no battery, no temperature"),
        pytest.param({"bmsVolt": "52.61", "bmsTemp": 26.7}, 52.61, 26.7, id="the battery's own"),
        pytest.param(
            {"voltage": 53.0, "bmsVolt": 0.0, "temp": -100, "bmsTemp": -100.0},
            53.0,
            None,
            id="no battery that talks",
        ),
        pytest.param({"voltage": None}, None, None, id="null"),
    ],
)
def test_battery_detail(
    detail: dict[str, object], voltage_v: float | None, temperature_c: float | None
) -> None:
    sample = energy_sample(
        flow(NIGHT), BatteryDetail.model_validate(detail), device_id=INVERTER, at=AT
    )
    assert (sample.battery_voltage_v, sample.temperature_c) == (voltage_v, temperature_c)


def curve(label: str, unit: str, **points: object) -> dict[str, object]:
    records = [{"time": t.replace("_", ":")[1:], "value": v} for t, v in points.items()]
    return {"label": label, "unit": unit, "records": records}


def test_day_curves_turn_the_battery_round() -> None:
    day = Day.model_validate(
        {
            "infos": [
                curve("PV", "W", t12_00="5200.0", t12_05="5100.0"),
                curve("Battery", "W", t12_00="-3000.0", t12_05="400.0"),
                curve("Grid", "W", t12_00="-150.0"),
                curve("Load", "kW", t12_00="2.05", t12_05=None, soon="1"),
                curve("SOC", "%", t12_05="77.0"),
                curve("Gen", "kWh", t12_10="71.1"),
            ]
        }
    )
    zone = ZoneInfo("America/Los_Angeles")
    assert day_samples(day, device_id=INVERTER, on=date(2026, 6, 21), zone=zone) == [
        EnergySample(
            device_id=INVERTER,
            at=datetime(2026, 6, 21, 19, 0, tzinfo=UTC),
            pv_power_w=5200.0,
            load_power_w=2050.0,
            battery_power_w=3000.0,
            grid_power_w=-150.0,
        ),
        EnergySample(
            device_id=INVERTER,
            at=datetime(2026, 6, 21, 19, 5, tzinfo=UTC),
            pv_power_w=5100.0,
            battery_power_w=-400.0,
            soc_pct=77.0,
        ),
    ]


@pytest.mark.parametrize(
    ("zone", "on", "times", "hours_utc"),
    [
        pytest.param(
            "America/Los_Angeles",
            date(2026, 11, 1),
            ["00:30", "01:30", "01:30", "02:30", "24:00"],
            [(1, 7), (1, 8), (1, 9), (1, 10), (2, 8)],
            id="put back: the hour comes twice",
        ),
        pytest.param(
            "America/Los_Angeles",
            date(2026, 3, 8),
            ["01:30", "03:30"],
            [(8, 9), (8, 10)],
            id="put forward: the hour is left out",
        ),
        pytest.param(
            "Europe/Paris",
            date(2026, 4, 1),
            ["2026-04-01 14:30", "2026-04-01T15:30:00"],
            [(1, 12), (1, 13)],
            id="with its date",
        ),
    ],
)
def test_day_times(zone: str, on: date, times: list[str], hours_utc: list[tuple[int, int]]) -> None:
    records = [{"time": time, "value": number} for number, time in enumerate(times)]
    day = Day.model_validate({"infos": [{"label": "PV", "unit": "W", "records": records}]})
    found = day_samples(day, device_id=INVERTER, on=on, zone=ZoneInfo(zone))
    assert [(s.at.day, s.at.hour) for s in found] == hours_utc
    assert [s.pv_power_w for s in found] == [float(number) for number in range(len(times))]


def test_an_empty_day() -> None:
    assert day_samples(Day(), device_id=INVERTER, on=date(2026, 1, 1), zone=ZoneInfo("UTC")) == []
