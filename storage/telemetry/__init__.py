"""Samples: tables, partitions, newest values, series and rollups."""
