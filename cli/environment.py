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
        settings = load(environ)
    except BadSettings as bad:
        print("Loket cannot start with these settings:", file=sys.stderr)
        for problem in bad.problems:
            print(f"  - {problem}", file=sys.stderr)
        print("All settings and their defaults: .env.example", file=sys.stderr)
        raise SystemExit(2) from None
    as_json = settings.log_format == "json" or (not settings.log_format and not sys.stderr.isatty())
    logging.configure(settings.log_level, as_json=as_json)
    settings = calling_back_locally(settings, environ)
    return pointed_at_stand_ins(settings, environ) if settings.sandbox else settings


def calling_back_locally(settings: Settings, environ: Mapping[str, str]) -> Settings:
    """The demo's partners listen on this machine, so callbacks may go there unless it was decided otherwise."""
    is_decided = bool(environ.get("LOKET_CALLBACK_ALLOW_PRIVATE"))
    if is_decided or not settings.demo:
        return settings
    return msgspec.structs.replace(settings, callback_allow_private=True)


def pointed_at_stand_ins(settings: Settings, environ: Mapping[str, str]) -> Settings:
    """Use the sandbox for every outside setting that is not set explicitly."""
    local = f"http://127.0.0.1:{settings.port}/sandbox"
    stand_ins = {"wa_webhook_secret": SANDBOX_WEBHOOK_SECRET}
    if not any(environ.get(name) for name in ("LOKET_TELEGRAM_TOKEN", "LOKET_TELEGRAM_API_URL")):
        stand_ins |= {"telegram_token": SANDBOX_TELEGRAM_TOKEN, "telegram_api_url": f"{local}/telegram"}
    if not any(environ.get(name) for name in ("LOKET_WA_GATEWAY_URL", "LOKET_WA_GET_URL")):
        stand_ins |= {
            "wa_gateway_method": "post",
            "wa_gateway_url": f"{local}/wa/ext/{{secret}}/wa",
            "wa_gateway_secret": SANDBOX_GATEWAY_SECRET,
        }
    unset = {name: value for name, value in stand_ins.items() if not environ.get(f"LOKET_{name.upper()}")}
    return msgspec.structs.replace(settings, **unset)
