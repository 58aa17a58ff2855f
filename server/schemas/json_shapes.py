"""Small shapes that several answers share."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, JsonValue

Instant = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
"""A time as ISO 8601 with offset, as the services write it."""

Number: TypeAlias = float | Literal["NaN", "Infinity", "-Infinity"]
"""A number. JSON has none that is not finite, so a broken sensor's is written as text."""

JsonObject: TypeAlias = dict[str, JsonValue]
"""A stored document whose shape is described where it is made."""


class Shape(BaseModel):
    """An answer made of a service's plain values; fields that services add later are passed on."""

    model_config = ConfigDict(extra="allow")
