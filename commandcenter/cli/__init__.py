"""The command line; ``commandcenter.cli.app.main`` is the entry point."""
