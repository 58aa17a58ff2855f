"""The version: here alone. The package's metadata and everything that shows it read it here."""

from __future__ import annotations

from typing import Final

VERSION: Final = "0.2.0.dev0"
