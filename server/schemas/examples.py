"""Examples for the description of the API."""

from __future__ import annotations

from services.stored import Json


def _aged(value: float, unit: str, age_s: float, source: str) -> Json:
    return {"value": value, "unit": unit, "age_s": age_s, "stale_after_s": 600.0, "source": source}


HOME_NOW: Json = {
    "system_id": "00000000-0000-0000-0000-000000000001",
    "name": "Reference site",
    "at": "2026-06-21T19:00:00+00:00",
    "battery": {
        "range": {
            "code": "optimal",
            "sentence": "In its optimal range of 50.00 V to 54.50 V.",
        },
        "voltage": _aged(52.3, "V", 12.0, "Battery monitor"),
        "rest_voltage": _aged(52.31, "V", 12.0, "computed"),
        "soc": _aged(62.4, "%", 12.0, "computed"),
        "current": _aged(-1.2, "A", 12.0, "Battery monitor"),
        "power": _aged(-63.0, "W", 12.0, "Battery monitor"),
        "temperature": _aged(21.0, "°C", 12.0, "Battery monitor"),
    },
    "solar": {
        "power": _aged(8450.0, "W", 40.0, "SolArk"),
        "potential": _aged(8450.0, "W", 20.0, "computed"),
    },
    "load": {
        "power": _aged(1850.0, "W", 40.0, "SolArk"),
        "base": _aged(1850.0, "W", 20.0, "computed"),
    },
    "grid": {"power": _aged(0.0, "W", 40.0, "SolArk")},
    "miners": [
        {
            "id": "10000000-0000-0000-0000-000000000002",
            "name": "Dump Load S19 #1",
            "priority": 3,
            "load_id": "50000000-0000-0000-0000-000000000102",
            "is_on": False,
            "since": None,
            "power": _aged(0.0, "W", 5.0, "Dump Load S19 #1"),
            "command": "stay_off",
            "reason": "below_start_voltage",
            "explanation": "Off: 52.31 V is below its start voltage 54.50 V.",
            "would_change": "may start at 54.50 V rest voltage held for 5 min",
        }
    ],
    "zones": [],
    "loads": [],
    "decision": None,
    "emergency_stop": {
        "latched": False,
        "changed_at": None,
        "changed_by": None,
        "reason": None,
    },
    "control_level": "automatic",
    "alerts_open": 0,
}
ALLOCATE: Json = {
    "at": "2026-06-21T12:00:00-07:00",
    "snapshot": {
        "battery_voltage_v": 52.3,
        "battery_current_a": None,
        "pv_power_w": 8450,
        "load_power_w": 1850,
        "grid_power_w": 0,
        "battery_temperature_c": 20,
        "age_s": {"battery_voltage_v": 5},
    },
    "preferences": {"operating_mode": "balanced"},
    "miners": [
        {
            "name": "Primary S21+ (Revenue)",
            "state": {"is_on": False, "power_w": 0, "since": None},
        }
    ],
}
MINER: Json = {
    "name": "Dump Load S19 #1",
    "power_draw_watts": 3250,
    "priority_level": 3,
    "start_voltage": 54.5,
    "stop_voltage": 53.0,
    "emergency_stop_voltage": 50.0,
}
ZONE: Json = {
    "name": "Heat Room",
    "temp_too_hot": 40,
    "temp_hot_ok": 35,
    "temp_cold_ok": 5,
    "temp_too_cold": 0,
}
PREFERENCES: Json = {"operating_mode": "balanced", "voltage_low": 47.0}
