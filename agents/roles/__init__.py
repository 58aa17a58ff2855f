"""The crew's agents: their prompts and tools."""
