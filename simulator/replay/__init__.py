"""Replay of a measured series with the allocator, a simulated battery and miners."""
