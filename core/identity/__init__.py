"""Who may act: logins of customers and staff, passwords, one-time codes, tokens, API keys."""
