"""The site as plain values: snapshot, preferences and their rules, miners, loads and zones."""
