"""Which agent has which tools; some have several, so that one agent can answer more."""

from __future__ import annotations

from agents.roles.prompts import MONITOR, OPTIMIZER, SOLAR, VICTRON

TOOLS_OF: dict[str, tuple[str, ...]] = {
    MONITOR: (
        "decision_explanation",
        "alerts",
        "health",
        "recent_actions",
        "battery_status",
        "energy_status",
    ),
    SOLAR: ("energy_status", "energy_history", "time_series", "battery_status"),
    VICTRON: (
        "battery_status",
        "battery_history",
        "voltage_soc_convert",
        "preferences",
        "time_series",
    ),
    OPTIMIZER: (
        "allocator_now",
        "allocator_what_if",
        "decision_explanation",
        "miner_profiles",
        "preferences",
        "zones",
        "battery_status",
        "energy_status",
        "propose_action",
    ),
}
"""Tool names by agent."""

SPECIALISTS = tuple(TOOLS_OF)
