"""Messages to people: mail, webhooks and chat services through Apprise, SMS through Twilio."""
