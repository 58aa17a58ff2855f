"""Events that an action has changed."""

from __future__ import annotations

from services.actions.records import Action
from services.events import EventBus


async def publish_action(events: EventBus, action: Action) -> None:
    """Publish an action's new state on the topic ``action``."""
    await events.publish(
        "action",
        {
            "id": str(action.id),
            "system_id": str(action.system_id),
            "load_id": str(action.load_id),
            "target_on": action.target_on,
            "status": action.status.value,
            "result": action.result,
        },
    )
