"""What every store returns: a value with its version, and plain JSON."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

T = TypeVar("T")


Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored(Generic[T]):
    """A stored value with the version that a later write has to name (ETag)."""

    value: T
    version: int
    updated_at: datetime
