"""Who did what to money, identity, staff and keys: a log that shows when somebody has tampered with it."""
