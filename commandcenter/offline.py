"""Keep the libraries quiet: no telemetry, no tracing, no look-up of prices, no version checks.

Has to run before the first import of CrewAI, LiteLLM or ChromaDB, which read these variables then.
"""

from __future__ import annotations

import os

from agents.models.offline import ENVIRONMENT


def keep_libraries_offline() -> None:
    """Set the libraries' environment variables; ones that are set already stay."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)  # noqa: TID251 - libraries read it nowhere else
