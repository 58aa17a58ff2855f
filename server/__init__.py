"""The HTTP side: JSON API, event streams and web pages. Composed by ``server.app.create_app``."""
