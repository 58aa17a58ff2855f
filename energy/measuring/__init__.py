"""The site's quantities now: each determined once, with its age, source and quality."""
