"""Conversations: each person's own."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import JSONResponse, Response

from server.auth import Container, PersonOrController, Reader, own_conversation
from server.described import DescribedRoute
from server.paging import Page, Paged, page_of
from server.running_answer import running_run
from server.schemas.chat import ConversationView, MessageView, WholeConversation
from server.schemas.streams import exported
from server.web.export import as_markdown

router = APIRouter(prefix="/conversations", tags=["chat"], route_class=DescribedRoute)
MOST = 1_000


@router.get("")
async def list_conversations(
    services: Container, who: Reader, paging: Paged
) -> Page[ConversationView]:
    """The caller's conversations, the last used first."""
    rows = await services.conversations.conversations(who.user.id, limit=MOST)
    return page_of([ConversationView.of(row) for row in rows], paging)


@router.get("/{conversation_id}")
async def read_conversation(
    services: Container, who: Reader, conversation_id: UUID
) -> WholeConversation:
    """One conversation with its messages and what produced them."""
    conversation = await own_conversation(services, who, conversation_id)
    messages = await services.conversations.messages(conversation_id)
    return WholeConversation(
        **ConversationView.of(conversation).model_dump(),
        messages=[MessageView.of(message) for message in messages],
        running=await running_run(services, messages),
    )


@router.delete("/{conversation_id}", status_code=204)
async def delete_conversation(
    services: Container, who: PersonOrController, conversation_id: UUID
) -> Response:
    """Remove a conversation for good."""
    await own_conversation(services, who, conversation_id)
    await services.conversations.delete_conversation(conversation_id)
    return Response(status_code=204)


@router.get(
    "/{conversation_id}/export",
    response_class=Response,
    responses=exported(WholeConversation.__name__),
)
async def export_conversation(
    services: Container,
    who: Reader,
    conversation_id: UUID,
    as_format: Annotated[str, Query(alias="format", pattern="^(md|json)$")] = "md",
) -> Response:
    """A conversation as a Markdown or JSON file."""
    whole = await read_conversation(services, who, conversation_id)
    name = f'attachment; filename="conversation-{conversation_id}.{as_format}"'
    headers = {"Content-Disposition": name}
    if as_format == "json":
        return JSONResponse(whole.model_dump(mode="json"), headers=headers)
    text = as_markdown(whole)
    return Response(text, media_type="text/markdown; charset=utf-8", headers=headers)
