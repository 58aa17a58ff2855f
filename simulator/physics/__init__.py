"""The physical model: sun, clouds, battery, inverter, house, rooms."""
