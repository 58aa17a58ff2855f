"""Reasons as in the API and in stored decisions: a code and the numbers compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import MISSING, fields
from datetime import datetime
from typing import TypeAlias, get_args

from energy.allocation.reasons import Condition, ConditionCeased, Reason, ReasonCode
from energy.dataclass_json import CodecError, from_json

Number: TypeAlias = float | str | bool | None
Compared: TypeAlias = tuple[tuple[str, Number], ...]
"""The numbers compared, by name with unit suffix, e.g. ``(("rest_voltage_v", 52.3), …)``."""

_LENT = "lent_min"
_BY_CODE: dict[ReasonCode, list[type[Reason]]] = {}
for _kind in get_args(Reason):
    _BY_CODE.setdefault(_kind.code, []).append(_kind)


def compared(reason: Reason) -> Compared:
    """The numbers of a reason as (name, value), in the order of its fields; datetimes as ISO
    8601.
    """
    if isinstance(reason, ConditionCeased):
        lent = () if reason.lent_min is None else ((_LENT, reason.lent_min),)
        return (("ceasing", reason.ceasing.code.value), *lent, *compared(reason.ceasing))
    return tuple((number.name, _plain(getattr(reason, number.name))) for number in fields(reason))


def _plain(value: Number | datetime) -> Number:
    return value.isoformat() if isinstance(value, datetime) else value


def reason_of(code: str, numbers: Sequence[tuple[str, Number]]) -> Reason:
    """The reason with this ``code`` and these ``numbers``.

    Raises:
        CodecError: No reason has this code with these numbers.
    """
    given = dict(numbers)
    kinds = _BY_CODE[from_json(ReasonCode, code, "reason")]
    if "ceasing" in given:
        lent = given.pop(_LENT, None)
        lent_min = None if lent is None else from_json(float, lent, _LENT)
        return ConditionCeased(ceasing=_condition(given), lent_min=lent_min)
    for kind in kinds:
        if _fits(kind, given):
            return from_json(kind, given, code)
    raise CodecError("compared", f"{', '.join(given) or 'nothing'} is not compared for {code}")


def _fits(kind: type[Reason], given: dict[str, Number]) -> bool:
    """Whether these are the numbers of ``kind``; older records lack fields that were added
    later.
    """
    needed = {number.name for number in fields(kind) if number.default is MISSING}
    return needed <= set(given) <= {number.name for number in fields(kind)}


def _condition(given: dict[str, Number]) -> Condition:
    numbers = [(name, value) for name, value in given.items() if name != "ceasing"]
    reason = reason_of(str(given["ceasing"]), numbers)
    if isinstance(reason, Condition):
        return reason
    raise CodecError("compared.ceasing", f"{reason.code} is no condition")
