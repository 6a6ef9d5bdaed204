"""Telegram through python-telegram-bot's `Bot` and `Update`; imported only where a token is set, because it is large."""

import os

# The library's own switch to `timedelta` in `RetryAfter`; without it every 429 raises a deprecation warning.
os.environ.setdefault("PTB_TIMEDELTA", "true")
