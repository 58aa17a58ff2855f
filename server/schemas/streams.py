"""Event streams in the description of the API."""

from __future__ import annotations

from services.stored import Json

RUN_EVENTS = (
    "Named events with a JSON body and an id: `start`, `progress` (agent, what it does), `token`"
    " (text), `citation`, `action` (a pending action), `usage`, and at the end `done` or `error`."
    " A heartbeat comment every 15 s."
)
SITE_EVENTS = (
    "Named events with a JSON body: `version`, `now` (the site as `/api/home/now` has it),"
    " `telemetry`, `decision`, `action`, `alert`, `estop`, and `away` while the database is. A"
    " heartbeat comment every 15 s."
)


def streamed(description: str) -> dict[int | str, Json]:
    """The part of OpenAPI's ``responses`` about a stream of events."""
    content = {"text/event-stream": {"schema": {"type": "string"}}}
    return {200: {"description": description, "content": content}}


def exported(name: str) -> dict[int | str, Json]:
    """The same about a conversation as Markdown, or as JSON of the schema ``name``."""
    content = {
        "text/markdown": {"schema": {"type": "string"}},
        "application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}},
    }
    return {200: {"description": "The conversation as a file", "content": content}}
