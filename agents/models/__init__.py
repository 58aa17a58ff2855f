"""Chat models: by provider's name, with limits, fallbacks and token counts."""
