"""When a person answers instead of the bot: requests, who has taken them, what was said, and the way back."""
