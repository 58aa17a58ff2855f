"""The model that needs no key: fixed rules from question to tools to sentences."""
