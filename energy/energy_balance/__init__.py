"""Energy, extremes and means out of samples."""
