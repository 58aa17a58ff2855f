"""Values as vendors send them: number, string, null, ``false`` or absent. Unknown is never 0."""

from __future__ import annotations

import math
import re
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict

_WRITTEN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
"""A number as machines write it: ``float`` would also read ``1_000``, ``٣`` and ``infinity``."""


class Payload(BaseModel):
    """A piece of a vendor's JSON: unknown keys are ignored, since vendors add them unannounced."""

    model_config = ConfigDict(extra="ignore", frozen=True)


def number(value: object) -> float | None:
    """The finite number in ``value``, which may be a number or its text; None for all else.

    ``true`` and ``false`` are no numbers: vendors send ``false`` for "no data".
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and not _WRITTEN.fullmatch(value.strip()):
        return None
    try:
        result = float(value)
    except (ValueError, OverflowError):
        return None
    return result if math.isfinite(result) else None


def flag(value: object) -> bool | None:
    """The truth in ``value`` (boolean, 0/1, or their text); None for all else."""
    if isinstance(value, bool):
        return value
    known = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}
    return known.get(str(value).strip().lower()) if isinstance(value, int | float | str) else None


def text(value: object) -> str | None:
    """The text in ``value``; numbers become their text, blank and all else None."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    return str(value).strip() or None


Number = Annotated[float | None, BeforeValidator(number)]
Flag = Annotated[bool | None, BeforeValidator(flag)]
Text = Annotated[str | None, BeforeValidator(text)]
