"""What a site remembers between cycles."""
