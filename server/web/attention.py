"""What needs the owner: open alerts and actions that wait for an approval."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from energy.site.display import Display, display_of
from server.container import Services
from services.actions.records import Action, ActionStatus
from services.alerting.records import Alert, Severity

PENDING = frozenset({ActionStatus.PENDING})
RANK = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.INFO: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionCard:
    """One action as shown on a card.

    Attributes:
        load: The load's name.
        by: Who asked for it.
        is_pending: Whether it still waits; only then it can be approved.
        expires_at: Site time until which it waits, ISO 8601; empty where it has no end.
        result: How it ended, or its state where it has not.
    """

    id: UUID
    load: str
    target_on: bool
    explanation: str
    by: str
    is_pending: bool
    expires_at: str
    result: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """What needs the owner, in the order shown: critical alerts, pending actions, other alerts."""

    critical: tuple[Alert, ...]
    actions: tuple[ActionCard, ...]
    others: tuple[Alert, ...]

    @property
    def count(self) -> int:
        """The badge's number."""
        return len(self.critical) + len(self.actions) + len(self.others)


async def attention_of(services: Services, system_id: UUID, display: Display) -> Attention:
    """What needs the owner of a site now, in the owner's units."""
    alerts = sorted(
        await services.alert_store.open(system_id),
        key=lambda alert: (RANK[alert.severity], alert.opened_at),
    )
    pending = await services.action_store.with_status(system_id, PENDING)
    names = await _names(services, system_id) if pending else {}
    return Attention(
        critical=tuple(alert for alert in alerts if alert.severity is Severity.CRITICAL),
        actions=tuple(_card(action, names, display) for action in pending),
        others=tuple(alert for alert in alerts if alert.severity is not Severity.CRITICAL),
    )


async def card_of(services: Services, action: Action) -> ActionCard:
    """One action's card."""
    preferences = (await services.settings.preferences(action.system_id)).value
    return _card(action, await _names(services, action.system_id), display_of(preferences))


async def _names(services: Services, system_id: UUID) -> dict[UUID, str]:
    return {load.id: load.name for load in await services.sites.loads(system_id)}


def _card(action: Action, names: dict[UUID, str], display: Display) -> ActionCard:
    is_pending = action.status is ActionStatus.PENDING
    state = action.status.value.replace("_", " ").capitalize()
    ended = state if action.result is None else f"{state}: {action.result}"
    return ActionCard(
        id=action.id,
        load=names.get(action.load_id, "a load"),
        target_on=action.target_on,
        explanation=display.sentence(action.explanation),
        by=action.requested_by,
        is_pending=is_pending,
        expires_at="" if action.expires_at is None else action.expires_at.isoformat(),
        result="" if is_pending else display.sentence(ended),
    )
