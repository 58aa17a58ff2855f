"""Losses of storing energy in the battery."""

STORED_SHARE = 0.80
"""Share of the expected surplus energy that the house can later take out of the battery.

Charging, the bank and the inverter keep about 15 % (0.98 · 0.95 · 0.92); with them, late afternoons
of 18 simulated weeks brought 0.73 to 0.84 of what was expected.
"""
