"""RFC 9457 problem details: the shape of every refusal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus

from pydantic import BaseModel, ConfigDict, Field

from services.stored import Json

MEDIA_TYPE = "application/problem+json"
NAME = "Problem"
MEANINGS: Mapping[int, str] = {
    400: "Malformed: no JSON, or a parameter that is not of its type",
    401: "Nobody is signed in, or the token is unknown",
    403: "Signed in, but this needs another role or scope",
    404: "Not found, or part of a site that belongs to somebody else",
    409: "Its state forbids this now",
    412: "It has changed since the version named in If-Match",
    413: "The body is too large",
    422: "Well-formed, but it breaks a rule; the rule is named",
    429: "Too many attempts; see Retry-After",
    503: "A dependency, such as the database, does not answer; see Retry-After",
}


class ProblemItem(BaseModel):
    """One thing that is wrong with a request."""

    path: str = Field(description="Where, e.g. `preferences.voltage_low`; empty for the whole")
    message: str


class Problem(BaseModel):
    """A problem document. Some have more fields, such as ``kind`` and ``key`` of a record that was
    not found.
    """

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:commandcenter:problem:invalid",
                    "title": "Unprocessable Entity",
                    "status": 422,
                    "detail": "voltage_low: must be below voltage_restart",
                    "errors": [{"path": "voltage_low", "message": "must be below voltage_restart"}],
                }
            ]
        },
    )

    type: str
    title: str
    status: int
    detail: str
    errors: list[ProblemItem] | None = None


def refused(*statuses: int) -> dict[int | str, Json]:
    """The part of OpenAPI's ``responses`` about these refusals."""
    return {status: _response(MEANINGS[status]) for status in sorted(statuses)}


def otherwise() -> dict[int | str, Json]:
    """The same for whatever else may happen."""
    return {"default": _response("Any other refusal or failure")}


def components() -> Json:
    """The schemas that ``refused`` refers to, by name."""
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs"), NAME: schema}


def statuses(responses: Iterable[int | str]) -> set[int]:
    """The refusals among the keys of OpenAPI's ``responses``."""
    codes = {int(key) for key in responses if str(key).isdigit()}
    return {code for code in codes if code >= HTTPStatus.BAD_REQUEST}


def _response(description: str) -> Json:
    schema = {"$ref": f"#/components/schemas/{NAME}"}
    return {"description": description, "content": {MEDIA_TYPE: {"schema": schema}}}
