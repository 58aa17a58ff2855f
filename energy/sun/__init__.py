"""Where the sun stands, and what it gives under a clear sky."""
