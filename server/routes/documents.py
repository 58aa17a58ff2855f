"""How settings are answered and taken: versions as ETags, bodies as described documents."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Body, Header
from starlette.responses import JSONResponse

from server.entity_tags import PreconditionFailed, version_tag
from server.schemas.documents import schema_of, shown
from services.errors import Conflict
from services.stored import Json, Stored

IfMatch = Annotated[
    str | None,
    Header(description='ETag of the version you read, e.g. `"v3"`: refuses lost updates'),
]
Document = Annotated[dict[str, Any], Body()]


def versioned(
    stored: Stored[Any], *, status: int = 200, location: str | None = None
) -> JSONResponse:
    """A stored value with its version as ETag."""
    headers = {"ETag": version_tag(stored.version), "Cache-Control": "private, no-cache"}
    if location is not None:
        headers["Location"] = location
    return JSONResponse(_document(stored), status_code=status, headers=headers)


def listed(stored: Stored[Any]) -> Json:
    """A stored value within a list: its version beside it."""
    return _document(stored)


def _document(stored: Stored[Any]) -> Json:
    version = {"version": stored.version, "updated_at": stored.updated_at.isoformat()}
    return shown(stored.value) | version


def without_version(document: Json) -> Json:
    """The document without what a GET adds, so that an answer can be sent back changed."""
    return {key: value for key, value in document.items() if key not in {"version", "updated_at"}}


def lost_update(error: Conflict, if_match: str | None) -> Exception:
    """A conflict is a failed precondition for whoever named a version."""
    return error if if_match is None else PreconditionFailed(str(error))


def described(kind: type[Any], example: Json) -> dict[str, Any]:
    """OpenAPI's part about a document's request body."""
    content = {"schema": schema_of(kind), "example": example}
    return {"requestBody": {"required": True, "content": {"application/json": content}}}
