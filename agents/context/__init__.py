"""The site's context in a question's prompt, limited by a budget of tokens."""
