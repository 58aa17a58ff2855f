"""Settings over HTTP: versions as ETags, bodies as JSON documents."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Body, Header
from pydantic import JsonValue
from starlette.responses import JSONResponse

from server.entity_tags import PreconditionFailed, expected_version, version_tag
from server.schemas.documents import SETTING, with_version
from services.errors import Conflict, Invalid
from services.stored import Stored

IfMatch = Annotated[
    str | None,
    Header(description='ETag of the version you read, e.g. `"v3"`: refuses lost updates'),
]
Document = Annotated[dict[str, JsonValue], Body()]


def versioned(
    stored: Stored[SETTING], *, status: int = 200, location: str | None = None
) -> JSONResponse:
    """A stored value with its version as ETag."""
    headers = {"ETag": version_tag(stored.version), "Cache-Control": "private, no-cache"}
    if location is not None:
        headers["Location"] = location
    return JSONResponse(with_version(stored), status_code=status, headers=headers)


async def save_over(
    stored: Stored[SETTING],
    if_match: str | None,
    save: Callable[[int | None], Awaitable[Stored[SETTING]]],
) -> JSONResponse:
    """Save over the version that was read, or over the one that ``If-Match`` names.

    Args:
        stored: What the change was made from.
        if_match: The header; without it nobody else may have changed the value since it was read.
        save: Saves the new value if the stored version is still the given one.

    Raises:
        PreconditionFailed: Somebody changed it since the version that the header names.
        Conflict: Somebody changed it just now.
    """
    expected = stored.version if if_match is None else expected_version(if_match)
    try:
        return versioned(await save(expected))
    except Conflict as error:
        if if_match is None:
            raise
        raise PreconditionFailed(str(error)) from error


def ensure_same_id(new_id: str, stored_id: str) -> None:
    """Refuse a document that would change the id.

    Raises:
        Invalid: The ids differ.
    """
    if new_id != stored_id:
        raise Invalid([("id", "can't be changed")])
