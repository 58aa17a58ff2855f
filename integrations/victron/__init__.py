"""Victron's VRM cloud: the battery monitor's readings, every minute at best."""
