"""From adapters to samples, snapshots and rollups."""
