"""Say what this machine lacks for the whole suite, and how to get it.

Never fails: the tests that need a missing thing skip with a message of their own.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

RECORDED = Path(__file__).resolve().parents[2] / "shared" / "data"


def lacking() -> list[str]:
    """One sentence per missing thing."""
    missing = []
    if (shutil.which("chromium") or shutil.which("chromium-browser")) is None:
        missing.append("a browser: the browser tests are skipped. On Debian: make debian")
    if not RECORDED.is_dir():
        missing.append("the recorded payloads and series: tests marked `recorded` are skipped")
    return missing


if __name__ == "__main__":
    for sentence in lacking():
        print(f"This machine lacks {sentence}", file=sys.stderr)
