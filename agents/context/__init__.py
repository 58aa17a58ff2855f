"""What a question's prompt is given of the site, under one budget of tokens."""
