"""Who is in the crew and what each is told."""
