"""A plant of thirty lines for ``commandcenter allocate --follow``: a day, a battery, one miner."""

import json
import math
import subprocess
import sys

miners = [{"name": "S19", "power_draw_watts": 3250, "start_voltage": 51}]
system = {"latitude": 47.0, "longitude": 8.0, "timezone": "UTC"}
lines = [{"settings": {"miners": miners, "arrays": [{"peak_w": 12000}], "system": system}}]
words = sys.argv[1:] or ["commandcenter", "allocate", "--follow"]
core = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
stored_wh, is_on, hashed_wh = 30000.0, False, 0.0
for minute in range(24 * 60):
    sun_w = 9000 * max(0.0, math.sin(math.pi * (minute / 60 - 5) / 14))
    miner_w = 3250 if is_on else 0
    battery_w = sun_w - 500 - miner_w
    stored_wh = min(48000, stored_wh + battery_w / 60)
    hashed_wh += miner_w / 60
    volts = 50 + 6 * stored_wh / 48000
    readings = {"battery_voltage_v": volts, "battery_current_a": battery_w / volts}
    readings |= {"pv_power_w": sun_w, "load_power_w": 500 + miner_w}
    states = [{"name": "S19", "state": {"is_on": is_on, "power_w": miner_w}}]
    at = f"2026-06-21T{minute // 60:02}:{minute % 60:02}:00Z"
    lines.append({"at": at, "snapshot": readings, "miners": states})
    core.stdin.write("".join(json.dumps(line) + "\n" for line in lines))
    core.stdin.flush()
    lines.clear()
    is_on = json.loads(core.stdout.readline())["miners"][0]["command"] in {"start", "keep_running"}
core.stdin.close()
core.wait()
print(f"hashed {hashed_wh / 1000:.1f} kWh, {stored_wh / 1000:.1f} kWh left")
