"""The composition root: settings, clock, wiring, command line. Knows everybody; nobody knows it."""
