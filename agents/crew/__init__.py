"""The crew of one question: manager, specialists, their tools, their stream of events."""
