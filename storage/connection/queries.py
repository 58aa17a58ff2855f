"""Loads SQL from ``storage/sql``: blocks headed ``-- name: …``, described by comments."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import LiteralString, cast

FOLDER = Path(__file__).parents[1] / "sql"
HEAD = re.compile(r"^-- name: (\w+)\s*$", re.MULTILINE)


@cache
def queries(aggregate: str) -> dict[str, LiteralString]:
    """The named statements of ``sql/<aggregate>.sql``; values are passed as parameters only."""
    text = (FOLDER / f"{aggregate}.sql").read_text(encoding="utf-8")
    parts = HEAD.split(text)
    names, bodies = parts[1::2], parts[2::2]
    return {
        name: cast("LiteralString", body.strip()) for name, body in zip(names, bodies, strict=True)
    }
