"""Loket's domain: what the business is and does, free of any channel or protocol."""
