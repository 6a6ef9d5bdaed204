"""What a newcomer sees when the demo is up: where to look, and a line to paste for each surface."""

from __future__ import annotations

from core.settings import Settings

_PHONES = """
  Both phones            {base}/sandbox/
  Phone in the browser   {base}/sandbox/phone
  The same in Telegram   {base}/sandbox/telegram/phone"""


def welcome(settings: Settings) -> str:
    base = settings.base_url
    phone = _PHONES.format(base=base) if settings.sandbox else ""
    return f"""
Loket is open.
{phone}
  API documents          {base}/api/docs
  Chat in this terminal  loket chat --as 628123456789

Try it with curl (every demo customer's password is rahasia123):

  # a mobile app logs in (MyWifi REST API)
  curl -s {base}/api/auth/login -d identifier=ISP00123 -d password=rahasia123

  # a forgotten password: the code arrives on the phone in the browser
  curl -s {base}/api/auth/forgot-password -d no_services=ISP00123

  # a payment partner looks up a bill with its key
  curl -s '{base}/api/billing/unpaid?no_services=ISP00123' -H 'X-MYWIFI-KEY: demo-partner-key'

  # a bill partner sells bills: signed requests, callbacks, a deposit that agrees
  loket partner simulate

  # a client of PHPNuxBill logs in as before
  curl -s '{base}/system/api.php?r=admin/post' -d username=admin -d password=admin

Stop with Ctrl-C; the next start goes on where this one was.
"""
