"""The composition root: settings, clock, wiring, command line.

Importing it makes the product's other packages importable by their short names (``energy``,
``services`` …): from the repository's root, or from ``commandcenter/parts`` where the program was
installed from a wheel. They are put first on the path of this process.
"""

from __future__ import annotations

import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent
_PARTS = _HERE / "parts"
PACKAGES_FOLDER = _PARTS if _PARTS.is_dir() else _HERE.parent
"""Folder of the product's packages."""

if str(PACKAGES_FOLDER) not in sys.path:
    sys.path.insert(0, str(PACKAGES_FOLDER))
