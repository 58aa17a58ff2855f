"""A tool's result for the built-in model; a value of an unexpected type counts as missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from agents.builtin.quantities import aged, amount, number_of
from energy.site.display import Display


class Reply:
    """A JSON object whose fields are read as text, number, flag, object or list."""

    def __init__(self, values: object, display: Display | None = None) -> None:
        """Anything but an object counts as an empty one. ``display``: the owner's units."""
        self.display = Display() if display is None else display
        self.values: Mapping[str, object] = values if isinstance(values, Mapping) else {}

    def __contains__(self, key: str) -> bool:
        return self.values.get(key) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self.values)

    def text(self, key: str) -> str:
        """As text; empty when it is missing."""
        value = self.values.get(key)
        return "" if value is None else str(value)

    def number(self, key: str) -> float | None:
        """A number, plain or with unit and age; None when it is missing."""
        return number_of(self.values.get(key))

    def flag(self, key: str) -> bool | None:
        """Yes or no; None when it is neither."""
        value = self.values.get(key)
        return value if isinstance(value, bool) else None

    def amount(self, key: str, unit: str = "") -> str:
        """``52.31 V``; ``not known`` when it is missing."""
        return amount(self.values.get(key), unit)

    def aged(self, key: str) -> str:
        """``52.31 V (12 s old)``."""
        return aged(self.values.get(key))

    def part(self, key: str) -> Reply:
        """An object inside; an empty one when it is missing."""
        return Reply(self.values.get(key))

    def parts(self, key: str) -> list[Reply]:
        """The objects of a list; none when it is missing."""
        value = self.values.get(key)
        return [Reply(item) for item in value] if isinstance(value, list) else []

    def texts(self, key: str) -> list[str]:
        """The items of a list as text."""
        value = self.values.get(key)
        return [str(item) for item in value] if isinstance(value, list) else []

    def without(self, *keys: str) -> Reply:
        """The same without some fields."""
        return Reply({key: value for key, value in self.values.items() if key not in keys})

    def only(self, prefix: str) -> Reply:
        """The fields whose names start with ``prefix``."""
        return Reply({k: value for k, value in self.values.items() if k.startswith(prefix)})
