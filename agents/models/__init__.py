"""Chat models by the provider's name, with limits, fallbacks and token counts."""
