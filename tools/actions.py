"""Tools on actions: the log, and proposing a switch, which the owner decides on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field

from energy.site.loads import Actor, LoadKind
from services.accounts.records import Scope
from services.accounts.rights import covers
from services.actions.records import Action, ActionStatus, SwitchProposal
from services.errors import Forbidden
from services.sites.records import ControlledLoad
from tools.device_names import NamedDevice
from tools.names import find
from tools.services import ToolScope, ToolServices
from tools.switch_request import NotPossible, Wish, switch_request
from tools.tool import Arguments, BadArguments, Document, Tool

PROPOSED_ONLY = "Proposed only. Nothing is switched until the owner approves it."
APPROVED_AT_ONCE = (
    "Approved at once: the owner's settings want no confirmation of this. The safety checks decide "
    "next whether it is switched."
)
NEEDS = "the role user or admin, and a token of the scope control"


class Recent(Arguments):
    """Which actions."""

    load: str | None = Field(
        default=None, description="name of miner, heater or fan; all if omitted"
    )
    limit: int = Field(default=8, ge=1, le=30, description="how many, newest first")


class SwitchToPropose(Arguments):
    """One switch to propose."""

    load: str = Field(min_length=2, description="name of the miner, heater or fan")
    turn_on: bool = Field(description="true: on, false: off")
    why: str = Field(min_length=3, max_length=300, description="the reason, with the numbers")


def recent_actions(services: ToolServices, scope: ToolScope) -> Tool[Recent]:
    """The action log, newest first."""

    async def handler(asked: Recent) -> Document:
        loads = {load.name: load for load in await services.site.loads(scope.system_id)}
        names = {load.id: load.name for load in loads.values()}
        chosen = None if asked.load is None else find(asked.load, loads, kind="load").id
        page = await services.actions.page(
            scope.system_id, before=None, limit=asked.limit, load_id=chosen
        )
        shown = [_line(action, names.get(action.load_id, "?"), scope.timezone) for action in page]
        return {"actions": shown, "note": None if shown else "no action in the log"}

    return Tool(
        name="recent_actions",
        description="Latest switching actions: what, when, by whom, why, how it ended.",
        arguments=Recent,
        handler=handler,
        doing="reading the action log",
    )


def propose_action(services: ToolServices, scope: ToolScope) -> Tool[SwitchToPropose]:
    """Creates a pending action for what the owner's message asks.

    A model can't propose anything else, because the tool reads the owner's message itself.
    """
    made: set[UUID] = set()

    async def handler(asked: SwitchToPropose) -> Document:
        if not covers(scope.scope, Scope.CONTROL):
            raise Forbidden(action="proposing an action", needs=NEEDS)
        loads = {load.name: load for load in await services.site.loads(scope.system_id)}
        wish = _wished(asked, scope.words, loads)
        if len(made) >= scope.most_proposals:
            raise BadArguments(
                f"no further proposal: one question may make {scope.most_proposals} "
                "(RUN_MAX_PROPOSALS)"
            )
        proposal = SwitchProposal(
            load_id=loads[wish.load].id,
            target_on=wish.on,
            actor=Actor.AGENT,
            requested_by=f"assistant for {scope.requested_by}",
            reason="assistant_proposal",
            explanation=asked.why,
        )
        action = await services.proposals.propose(scope.system_id, proposal)
        made.add(action.id)
        action = await services.proposals.confirmed(action, by=scope.requested_by)
        return {
            "action": card(action, wish.load, scope.timezone),
            "note": APPROVED_AT_ONCE if action.status is ActionStatus.APPROVED else PROPOSED_ONLY,
        }

    return Tool(
        name="propose_action",
        description="Propose switching a miner, heater or fan, exactly as the owner's message "
        "asks: one load, on or off, now. Creates a pending action for the owner to approve; it "
        "never switches anything itself.",
        arguments=SwitchToPropose,
        handler=handler,
        doing="proposing to switch {load}",
    )


def _wished(asked: SwitchToPropose, words: str, loads: Mapping[str, ControlledLoad]) -> Wish:
    """What the owner's words ask, if that is what the model asks."""
    devices = devices_of(loads.values())
    wish = switch_request(words, devices)
    if isinstance(wish, NotPossible):
        raise BadArguments(wish.sentence)
    if wish is None:
        raise BadArguments(
            "the owner's message does not ask to switch anything, so nothing was proposed. Say "
            "what you advise; the owner can then ask for it, for example: turn on "
            f"{next(iter(loads), 'the heater')}"
        )
    way = "on" if wish.on else "off"
    if find(asked.load, loads, kind="load").name != wish.load or asked.turn_on != wish.on:
        raise BadArguments(
            f"the owner asked for {wish.load} {way}, nothing else; only that can be proposed"
        )
    return wish


def devices_of(loads: Iterable[ControlledLoad]) -> list[NamedDevice]:
    """The loads as people name them."""
    return [NamedDevice(name=load.name, is_miner=load.kind is LoadKind.MINER) for load in loads]


def card(action: Action, load: str, timezone: str) -> Document:
    """What an approval card shows: the action's own fields, no model's words around them."""
    zone = ZoneInfo(timezone)
    return {
        "id": str(action.id),
        "load": load,
        "load_id": str(action.load_id),
        "target_on": action.target_on,
        "status": action.status.value,
        "explanation": action.explanation,
        "created_at": action.created_at.astimezone(zone),
        "expires_at": None if action.expires_at is None else action.expires_at.astimezone(zone),
        "result": action.result,
    }


def _line(action: Action, name: str, timezone: str) -> Document:
    zone = ZoneInfo(timezone)
    return {
        "load": name,
        "target": "on" if action.target_on else "off",
        "at": action.created_at.astimezone(zone).isoformat(timespec="minutes"),
        "by": f"{action.actor.value}: {action.requested_by}",
        "why": action.explanation,
        "status": action.status.value,
        "result": action.result,
        "measured_w": action.measured_w,
    }
