"""All tools of one run, bound to its site and user."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tools import actions, allocator, battery, energy, settings, site_health
from tools.services import ToolScope, ToolServices
from tools.tool import Tool

AnyTool = Tool[Any]

BUILDERS: dict[str, Callable[[ToolServices, ToolScope], AnyTool]] = {
    "energy_status": energy.energy_status,
    "energy_history": energy.energy_history,
    "time_series": energy.time_series,
    "battery_status": battery.battery_status,
    "battery_history": battery.battery_history,
    "voltage_soc_convert": battery.voltage_soc_convert,
    "preferences": settings.preferences,
    "miner_profiles": settings.miner_profiles,
    "zones": settings.zones,
    "allocator_now": allocator.allocator_now,
    "allocator_what_if": allocator.allocator_what_if,
    "decision_explanation": allocator.decision_explanation,
    "recent_actions": actions.recent_actions,
    "alerts": site_health.alerts,
    "health": site_health.health,
    "propose_action": actions.propose_action,
}
"""Every tool by name. All only read, except ``propose_action``, which asks the owner."""


def build_tools(services: ToolServices, scope: ToolScope) -> dict[str, AnyTool]:
    """The tools by name. A model chooses arguments; site and user come from ``scope`` alone."""
    return {name: build(services, scope) for name, build in BUILDERS.items()}
