"""How settings are answered and taken: versions as ETags, bodies as described documents."""

from __future__ import annotations

from typing import Annotated

from fastapi import Body, Header
from pydantic import JsonValue
from starlette.responses import JSONResponse

from server.entity_tags import PreconditionFailed, version_tag
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


def lost_update(error: Conflict, if_match: str | None) -> Exception:
    """A conflict is a failed precondition for whoever named a version."""
    return error if if_match is None else PreconditionFailed(str(error))


def ensure_same_id(new_id: str, stored_id: str) -> None:
    """Refuse a document that would give a thing another id.

    Raises:
        Invalid: The ids differ.
    """
    if new_id != stored_id:
        raise Invalid([("id", "can't be changed")])
