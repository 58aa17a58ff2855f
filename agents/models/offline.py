"""Environment variables that keep the crew's libraries from the network; set before their import.

This module imports none of them. ``commandcenter`` applies ``ENVIRONMENT`` before it imports them.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path


def tokenizer_folder() -> str:
    """Folder of the tokenizer files that LiteLLM ships; found without importing LiteLLM."""
    spec = importlib.util.find_spec("litellm")
    if spec is None or spec.origin is None:
        return ""
    return str(Path(spec.origin).parent / "litellm_core_utils" / "tokenizers")


ENVIRONMENT: dict[str, str] = {
    "CREWAI_DISABLE_TELEMETRY": "true",
    "CREWAI_DISABLE_TRACKING": "true",
    "CREWAI_TRACING_ENABLED": "false",
    "CREWAI_TESTING": "true",
    "CREWAI_DISABLE_VERSION_CHECK": "true",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOG": "ERROR",
    "ANONYMIZED_TELEMETRY": "False",
    "TIKTOKEN_CACHE_DIR": tokenizer_folder(),
    "CUSTOM_TIKTOKEN_CACHE_DIR": tokenizer_folder(),
}
"""Variables by name. With them only the host of the configured model is looked up."""
