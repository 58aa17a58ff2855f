"""What is true of the site now: each quantity measured once, with its age, source and quality."""
