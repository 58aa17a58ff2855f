"""Examples for the description of the API."""

from __future__ import annotations

from services.stored import Json

HOME_NOW: Json = {
    "system_id": "00000000-0000-0000-0000-000000000001",
    "name": "Reference site",
    "at": "2026-06-21T19:00:00+00:00",
    "battery": {
        "voltage": {
            "value": 52.3,
            "unit": "V",
            "age_s": 12.0,
            "stale_after_s": 600.0,
            "source": "Battery monitor",
        },
        "soc": {
            "value": 62.4,
            "unit": "%",
            "age_s": 12.0,
            "stale_after_s": 600.0,
            "source": "from voltage",
        },
    },
    "solar": {
        "power": {
            "value": 8450.0,
            "unit": "W",
            "age_s": 40.0,
            "stale_after_s": 600.0,
            "source": "SolArk",
        }
    },
    "load": {
        "power": {
            "value": 1850.0,
            "unit": "W",
            "age_s": 40.0,
            "stale_after_s": 600.0,
            "source": "SolArk",
        }
    },
    "grid": {
        "power": {
            "value": 0.0,
            "unit": "W",
            "age_s": 40.0,
            "stale_after_s": 600.0,
            "source": "SolArk",
        }
    },
    "miners": [
        {
            "name": "Dump Load S19 #1",
            "is_on": False,
            "command": "stay_off",
            "reason": "below_start_voltage",
            "explanation": "52.3 V is below its start voltage of 54.5 V.",
            "would_change": "starts at 54.5 V rest voltage",
        }
    ],
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
