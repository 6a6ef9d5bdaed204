"""Settings for a command: the environment, a `.env` file behind it, and the stand-ins where nothing real is set."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec
from dotenv import dotenv_values

from core.platform import logging
from core.settings import BadSettings, Settings, load

#: Nobody's: the number that links lead to while the stand-ins are used.
SANDBOX_WA_NUMBER = "628000000001"
SANDBOX_GATEWAY_SECRET = "sandbox-gateway-secret"  # noqa: S105 - the stand-in's own, on loopback
SANDBOX_WEBHOOK_SECRET = "sandbox-webhook-secret"  # noqa: S105 - the stand-in's own, on loopback
SANDBOX_TELEGRAM_TOKEN = "4242424242:sandbox-token-of-the-stand-in"  # noqa: S105 - the stand-in's own, on loopback


def read_environment() -> Mapping[str, str]:
    """`LOKET_*` of the process; a `.env` file in the working directory fills in what is not set there."""
    from_file = {name: value or "" for name, value in dotenv_values(Path(".env")).items()}
    return {**from_file, **os.environ}


def settings_or_exit() -> Settings:
    """The settings, or a list of everything that is wrong with them and exit status 2."""
    environ = read_environment()
    try:
        settings, problems = load(environ), []
    except BadSettings as bad:
        settings, problems = bad.settings, bad.problems
    problems += _of_whatsapp(pointed_at_stand_ins(settings, environ) if settings.sandbox else settings)
    if problems:
        print("Loket cannot start with these settings:", file=sys.stderr)
        for problem in problems:
            print(f"  - {problem}", file=sys.stderr)
        print("All settings and their defaults: .env.example", file=sys.stderr)
        raise SystemExit(2)
    as_json = settings.log_format == "json" or (not settings.log_format and not sys.stderr.isatty())
    logging.configure(settings.log_level, as_json=as_json)
    settings = with_demo_letterhead(calling_back_locally(settings, environ))
    return pointed_at_stand_ins(settings, environ) if settings.sandbox else settings


def _of_whatsapp(settings: Settings) -> list[str]:
    """What keeps the chosen dialect from working; the wire gateway's own settings are looked at by `loket doctor`."""
    if settings.whatsapp == "wire":
        return []
    from core.whatsapp import problems

    return problems(settings)


def calling_back_locally(settings: Settings, environ: Mapping[str, str]) -> Settings:
    """The demo's partners listen on this machine, so callbacks may go there unless it was decided otherwise."""
    is_decided = bool(environ.get("LOKET_CALLBACK_ALLOW_PRIVATE"))
    if is_decided or not settings.demo:
        return settings
    return msgspec.structs.replace(settings, callback_allow_private=True)


def with_demo_letterhead(settings: Settings) -> Settings:
    """The demo's papers look like a provider's, unless somebody has set their own."""
    if not settings.demo or settings.business_address or settings.business_phone:
        return settings
    return msgspec.structs.replace(
        settings, business_address="Jl. Merdeka No. 17, Bandung 40111", business_phone="0800 1234 567"
    )


def pointed_at_stand_ins(settings: Settings, environ: Mapping[str, str]) -> Settings:
    """Use the sandbox for every outside setting that is not set explicitly."""
    local = f"http://127.0.0.1:{settings.port}/sandbox"
    stand_ins = {
        "wa_webhook_secret": SANDBOX_WEBHOOK_SECRET,
        "wa_number": SANDBOX_WA_NUMBER,
        **_stand_in_dialects(local),
    }
    if not any(environ.get(name) for name in ("LOKET_TELEGRAM_TOKEN", "LOKET_TELEGRAM_API_URL")):
        stand_ins |= {
            "telegram_token": SANDBOX_TELEGRAM_TOKEN,
            "telegram_api_url": f"{local}/telegram",
            "telegram_bot": "loket_sandbox_bot",
        }
    if not any(environ.get(name) for name in ("LOKET_WA_GATEWAY_URL", "LOKET_WA_GET_URL")):
        stand_ins |= {
            "wa_gateway_method": "post",
            "wa_gateway_url": f"{local}/wa/ext/{{secret}}/wa",
            "wa_gateway_secret": SANDBOX_GATEWAY_SECRET,
        }
    unset = {name: value for name, value in stand_ins.items() if not environ.get(f"LOKET_{name.upper()}")}
    return msgspec.structs.replace(settings, **unset)


def _stand_in_dialects(local: str) -> dict[str, str]:
    """Where the stand-ins of the other WhatsApp providers are, and what they let in."""
    return {
        "wa_cloud_url": f"{local}/cloud",
        "wa_cloud_phone_number_id": "106540352242922",
        "wa_cloud_token": "sandbox-cloud-token",
        "wa_cloud_app_secret": "sandbox-cloud-app-secret",
        "wa_cloud_verify_token": "sandbox-cloud-verify-token",
        "wa_cloud_template": "loket_notice",
        "waha_url": f"{local}/waha",
        "waha_key": "sandbox-waha-key",
        "waha_hmac_key": "sandbox-waha-hmac-key",
        "evolution_url": f"{local}/evolution",
        "evolution_key": "sandbox-evolution-key",
        "evolution_instance": "loket",
        "gowa_url": f"{local}/gowa",
        "gowa_username": "loket",
        "gowa_password": "sandbox-gowa-password",
        "gowa_webhook_secret": "sandbox-gowa-webhook-secret",
        "fonnte_url": f"{local}/fonnte",
        "fonnte_token": "sandbox-fonnte-token",
        "wablas_url": f"{local}/wablas",
        "wablas_token": "sandbox-wablas-token",
        "wablas_secret": "sandbox-wablas-secret",
    }
