"""One tool: a name, a description, typed arguments and what it does. It knows no crew."""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar, cast

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from services.errors import CommandCenterError

A = TypeVar("A", bound="Arguments")

Document = dict[str, object]
"""What a tool gives: a JSON object with units in its keys; its values are of any JSON type."""

_log = structlog.get_logger(__name__)

MAX_RESULT_CHARS = 12_000
"""A longer result is refused with advice: it would push the question out of the prompt."""


COARSE_FROM = 100.0
"""Numbers from here on keep one decimal, smaller ones three."""


class Arguments(BaseModel):
    """Arguments of a tool; unknown ones are refused, so that a slip of the model shows."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, str_max_length=400)


class NoArguments(Arguments):
    """For tools that need none."""


class BadArguments(CommandCenterError):
    """The arguments fit the types but not the site; the message says what would."""

    def __init__(self, detail: str) -> None:
        """``detail`` is a sentence that the model can act on."""
        super().__init__(detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """What one call gave.

    Attributes:
        ok: False when ``data`` is ``{"error": sentence}``.
        data: The result as plain JSON values.
        ms: Wall time of the call, ms.
    """

    ok: bool
    data: Document
    ms: float

    @property
    def text(self) -> str:
        """The compact JSON that a model reads."""
        return json.dumps(self.data, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool(Generic[A]):
    """A named, typed, time-limited call.

    Attributes:
        name: As the model calls it.
        description: When to use it, in a sentence or two.
        arguments: The arguments' model; its schema is what the model sees.
        handler: Does the work. Gets validated arguments, returns JSON with units in its keys.
        doing: Progress in words for the owner; may name arguments in braces.
        timeout_s: Wall seconds after which the call is given up.
    """

    name: str
    description: str
    arguments: type[A]
    handler: Callable[[A], Awaitable[Document]]
    doing: str
    timeout_s: float = 5.0

    def describe(self, given: Mapping[str, object]) -> str:
        """``doing`` with the arguments filled in, e.g. ``reading battery history, 24 h``."""
        defaults = {
            name: field.default
            for name, field in self.arguments.model_fields.items()
            if not field.is_required()
        }
        known = {**defaults, **{key: value for key, value in given.items() if value is not None}}
        try:
            return self.doing.format_map({key: str(value)[:60] for key, value in known.items()})
        except (KeyError, ValueError):
            return self.doing.partition("{")[0].rstrip(" ,:")

    async def run(self, given: Mapping[str, object]) -> ToolResult:
        """Validate and call. Never raises: what went wrong comes back as one sentence.

        ``None`` arguments count as not given.
        """
        started = time.perf_counter()
        data = await self._guarded(given)
        ms = round((time.perf_counter() - started) * 1000, 1)
        return ToolResult(ok="error" not in data, data=data, ms=ms)

    async def _guarded(self, given: Mapping[str, object]) -> Document:
        try:
            values = self.arguments.model_validate(
                {key: value for key, value in given.items() if value is not None}
            )
        except ValidationError as error:
            return {"error": _argument_sentence(self.name, self.arguments, error)}
        try:
            async with asyncio.timeout(self.timeout_s):
                return _limited(compacted(await self.handler(values)))
        except TimeoutError:
            return {"error": f"{self.name} gave no answer within {self.timeout_s:g} s; say so."}
        except CommandCenterError as error:
            return {"error": str(error)}
        except Exception:  # noqa: BLE001 - the edge of a tool call: one broken tool must not end the answer
            _log.exception("tool_failed", tool=self.name)
            return {"error": f"{self.name} failed inside; its value is not known now. Say so."}


def compacted(document: Mapping[str, object]) -> Document:
    """The same without Nones in objects, with floats at 3 decimals and times as ISO text."""
    return {str(key): _compact(part) for key, part in document.items() if part is not None}


def _compact(value: object) -> object:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, float):
        return _short(value)
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, Mapping):
        return compacted(value)
    if isinstance(value, list | tuple):
        return [_compact(item) for item in value]
    return value if isinstance(value, int | str) else str(value)


def _short(value: float) -> float | int | None:
    digits = 1 if abs(value) >= COARSE_FROM else 3
    if not math.isfinite(value):
        return None
    rounded = round(value, digits)
    return int(rounded) if rounded == int(rounded) else rounded


def _limited(data: Document) -> Document:
    size = len(json.dumps(data, ensure_ascii=False))
    if size <= MAX_RESULT_CHARS:
        return data
    return {"error": f"the result is too long ({size} characters); ask for a shorter span or less"}


def _argument_sentence(name: str, model: type[Arguments], error: ValidationError) -> str:
    problems = []
    for problem in error.errors()[:3]:
        path = ".".join(str(part) for part in problem["loc"]) or "arguments"
        shown = f" (given: {str(problem['input'])[:60]!r})" if problem["type"] != "missing" else ""
        problems.append(f"{path}: {problem['msg'].lower()}{shown}")
    return f"{name} can't use these arguments: {'; '.join(problems)}. It takes {_takes(model)}."


def _takes(model: type[Arguments]) -> str:
    fields = cast("dict[str, Document]", model.model_json_schema().get("properties", {}))
    if not fields:
        return "no arguments"
    required = {name for name, field in model.model_fields.items() if field.is_required()}
    return ", ".join(f"{name} ({_field(name in required, spec)})" for name, spec in fields.items())


def _field(required: bool, spec: Mapping[str, object]) -> str:  # noqa: FBT001 - private, one call
    need = "required" if required else "optional"
    text = spec.get("description")
    return f"{need}; {text}" if text else need
