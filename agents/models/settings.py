"""Settings of the models, read by the composition root."""

from __future__ import annotations

from dataclasses import dataclass

BUILT_IN = "built-in"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """Models by LiteLLM's names (``openai/gpt-5``, ``anthropic/…``, ``ollama/…``).

    Attributes:
        model: Answers; None means the built-in model alone.
        manager_model: Routes; None means ``model``.
        base_url: Where the provider is, None for the provider's own address.
        api_key: Key, None to let LiteLLM find the provider's usual variable.
        fallbacks: Tried in order when a model fails; the built-in model comes last.
        timeout_s: Wall seconds for one call, and for the silence between two chunks.
        retries: Further tries after a failure that may pass.
        backoff_s: Wall seconds before the first retry; doubles with each.
        max_output_tokens: Longest answer of one call.
        daily_budget_usd: Over it the built-in model answers until the next day (UTC).
    """

    model: str | None = None
    manager_model: str | None = None
    base_url: str | None = None
    api_key: str | None = None
    fallbacks: tuple[str, ...] = ()
    timeout_s: float = 60.0
    retries: int = 2
    backoff_s: float = 0.5
    max_output_tokens: int = 1_200
    daily_budget_usd: float | None = None

    @property
    def remote(self) -> bool:
        """Whether a model besides the built-in one is configured."""
        return self.model is not None
