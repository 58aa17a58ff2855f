"""The last check before a device is commanded."""
