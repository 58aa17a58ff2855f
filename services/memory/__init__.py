"""The memory of a site between cycles."""
