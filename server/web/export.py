"""A conversation as a Markdown document."""

from __future__ import annotations

from server.schemas.chat import MessageView, WholeConversation


def as_markdown(conversation: WholeConversation) -> str:
    """Title, then every question and answer with its time."""
    lines = [f"# {conversation.title}", ""]
    for message in conversation.messages:
        lines += [_heading(message), "", message.content, ""]
    return "\n".join(lines)


def _heading(message: MessageView) -> str:
    who = "You" if message.role == "user" else f"Answer ({message.agent or 'assistant'})"
    return f"## {who}, {message.created_at:%Y-%m-%d %H:%M %Z}"
