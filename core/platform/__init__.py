"""What every slice stands on: database, time, money, text, secrets. No domain word lives here."""
