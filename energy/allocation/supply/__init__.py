"""What sun and battery may give to controlled loads: potential, means of the surplus, reserve."""
