"""Chat: the thread of a conversation; scripts stream what comes."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import RedirectResponse, Response

from server.auth import ChosenSite, Container, Reader, own_conversation
from server.running_answer import running_run
from server.schemas.chat import AGENTS
from server.web.decision_path import how_it_was_answered, proposed_actions
from server.web.links import of_site
from server.web.markdown import render
from server.web.rendering import page
from server.web.shell import shell_of
from services.chat.records import Conversation, Message
from services.stored import Json

router = APIRouter()
LISTED = 30
SUGGESTIONS = (
    "What is my battery voltage right now and why is the dump load off?",
    "How much solar did I make in the last 24 hours?",
    "What would happen at 54.6 V?",
    "Are there any alerts?",
)


@router.get("/chat")
async def chat(
    services: Container,
    site: ChosenSite,
    who: Reader,
    conversation: Annotated[UUID | None, Query()] = None,
) -> Response:
    """A new conversation, or an old one with its messages, which is shown at its own site."""
    messages = []
    if conversation is not None:
        known = await own_conversation(services, who, conversation)
        if known.system_id != site.id:
            return RedirectResponse(_address(known), 303)
        messages = list(await services.conversations.messages(conversation))
    return page(
        "chat.html",
        shell=await shell_of(services, who, site, active="chat"),
        conversation=conversation,
        messages=[_view(message) for message in messages],
        running=await running_run(services, messages),
        conversations=[
            (earlier, _address(earlier))
            for earlier in await services.conversations.conversations(who.user.id, limit=LISTED)
        ],
        suggestions=SUGGESTIONS,
        agents=AGENTS,
    )


def _address(conversation: Conversation) -> str:
    return of_site(f"/chat?conversation={conversation.id}", conversation.system_id)


def _view(message: Message) -> Json:
    usage = message.meta.get("usage", {})
    return {
        "role": message.role,
        "text": message.content,
        "html": render(message.content) if message.role == "assistant" else "",
        "status": message.status,
        "run_id": None if message.run_id is None else str(message.run_id),
        "agent": message.agent,
        "how": how_it_was_answered(message.meta) if message.meta else "",
        "actions": " ".join(proposed_actions(message.meta)),
        "calls": usage.get("calls"),
        "tokens": usage.get("prompt_tokens"),
    }
