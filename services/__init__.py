"""Use cases of the site and the ports they need. Knows no framework, no driver, no vendor."""
