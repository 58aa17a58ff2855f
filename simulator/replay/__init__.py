"""Replay of a measured series through the whole core."""
