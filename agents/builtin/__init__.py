"""The built-in model, which needs no key: fixed rules from question to tools to sentences."""
