"""The allocator: which miners run in this cycle, and why."""
