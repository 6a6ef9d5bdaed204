"""Every setting of an installation, read from the environment once; all problems are reported together.

The comment above a field is what `docs/configuration.md` and `.env.example` print.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal, get_args, get_type_hints
from zoneinfo import ZoneInfo, available_timezones

import msgspec
from msgspec import Meta, Struct
from typing_extensions import override

from core.platform.secrets import MINIMUM_SECRET_LENGTH, Keyring

DEMO_SECRET = "demo-secret-that-production-refuses-to-start-with"  # noqa: S105 - refused outside the demo


#: How long a changed phone number is not yet used for account recovery (mywifi contract §9).
RECOVERY_PAUSE = timedelta(hours=24)


#: From and to, by a clock of 24 hours.
OFFICE_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)")


class Settings(Struct, frozen=True, kw_only=True):
    """The whole configuration. Each field is the environment variable `LOKET_<FIELD>`."""

    # -- Where it runs
    #: `production` refuses demo data, echoed codes and weak secrets.
    env: Literal["development", "production"] = "development"
    #: Address to listen on; put a TLS proxy in front before opening it to the world.
    host: str = "127.0.0.1"
    #: Port to listen on.
    port: Annotated[int, Meta(ge=1, le=65535)] = 8080
    #: The address people and gateways reach this installation at, used in links.
    public_url: str = ""
    #: Where the data is kept: `sqlite+aiosqlite:///loket.db` or `postgresql+asyncpg://user@host/name`.
    database_url: str = "sqlite+aiosqlite:///loket.db"
    #: How hard SQLite holds on to a commit: NORMAL survives a killed process, FULL also a power cut.
    sqlite_synchronous: Literal["NORMAL", "FULL"] = "NORMAL"
    #: Shared throttles when several processes run, such as `redis://127.0.0.1:6379/0`; empty keeps them in memory.
    redis_url: str = ""
    #: What is logged: debug, info, warning or error.
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    #: `json` for machines, `console` for people; empty decides by whether a terminal is attached.
    log_format: Literal["", "json", "console"] = ""

    # -- Secrets
    #: The installation's master secret, at least 32 characters. All keys are derived from it.
    secret_key: str = ""
    #: Former master secrets, comma separated: they still open and verify, nothing new is made with them.
    secret_key_previous: str = ""

    # -- Demo and sandbox
    #: Load the demo data into an empty database and allow its published passwords.
    demo: bool = False
    #: Start the stand-ins for the outside world and use them wherever a real peer is not configured.
    sandbox: bool = False

    # -- The business
    #: Name customers know the provider by.
    business_name: str = "Loket"
    #: Postal address of the business, as bills and receipts print it.
    business_address: str = ""
    #: Number customers reach the business's people at, as bills and receipts print it.
    business_phone: str = ""
    #: The zone in which the business counts its days.
    timezone: str = "Asia/Jakarta"
    #: Language of a customer whose own is not known.
    language: Literal["id", "en"] = "id"
    #: Hour of the business's day from which broadcasts wait, 0 to 23.
    quiet_from_hour: Annotated[int, Meta(ge=0, le=23)] = 20
    #: Hour from which they go on; the same hour as above means no quiet time.
    quiet_until_hour: Annotated[int, Meta(ge=0, le=23)] = 8
    #: Messages of a broadcast a minute over WhatsApp: few, because numbers that write to many too fast are banned.
    broadcast_whatsapp_per_minute: Annotated[int, Meta(ge=1, le=60_000)] = 30
    #: Messages of a broadcast a minute over Telegram, which names some thirty a second.
    broadcast_telegram_per_minute: Annotated[int, Meta(ge=1, le=60_000)] = 1200
    #: Write notices without emoji and bold letters, amounts as `350.000 rupiah`: easier for screen readers.
    plain_notices: bool = False
    #: Digits put in front of newly issued service numbers.
    service_number_prefix: str = "17"
    #: Keep texts that were not understood, without numbers and names, for staff to label.
    collect_unmatched: bool = True
    #: Days such a text is kept after it last came.
    unmatched_days: Annotated[int, Meta(ge=1, le=365)] = 90
    #: When somebody answers customers who ask for a person, by the business's clock; `00:00-24:00` is around the clock.
    office_hours: str = "08:00-21:00"
    #: Minutes a customer waits for a person's answer before being told that nobody came.
    handover_minutes: Annotated[int, Meta(ge=1, le=60)] = 10
    #: The day of the month on which bills are due, for customers without a day of their own; a short month ends earlier.
    due_day: Annotated[int, Meta(ge=1, le=31)] = 10
    #: How many days before its due date a month's bill is written.
    invoice_lead_days: Annotated[int, Meta(ge=0, le=27)] = 10
    #: Tax (PPN) on every bill in whole percent, where the region has no rate of its own.
    tax_percent: Annotated[int, Meta(ge=0, le=100)] = 0
    #: Days between an unpaid invoice's due date and its isolation date.
    isolation_after_days: Annotated[int, Meta(ge=0, le=365)] = 10
    #: More lines than this are not closed in one go before `loket billing isolate --confirm`; staff are told.
    isolation_most: Annotated[int, Meta(ge=0, le=1_000_000)] = 200
    #: The same for more than this part of all active lines, in percent; up to ten lines are never too many.
    isolation_most_percent: Annotated[int, Meta(ge=0, le=100)] = 20

    # -- The network
    #: The routers' profile for isolated lines; where a router has none of that name, their users are disabled.
    isolation_profile: Annotated[str, Meta(min_length=1, max_length=64)] = "EXPIRED"
    #: The firewall list on which static lines are put while they are isolated.
    isolation_address_list: Annotated[str, Meta(min_length=1, max_length=64)] = "isolir"
    #: Seconds between two scans, each of which reads from every router who is online.
    scan_seconds: Annotated[int, Meta(ge=15, le=3600)] = 60

    # -- The HTTP API
    #: Origins browsers may call the API from, comma separated; empty allows none.
    cors_origins: str = ""
    #: Proxies whose `X-Forwarded-For` is believed, as addresses or networks, comma separated.
    trusted_proxies: str = ""
    #: General throttles: off only for load tests. Security counters always stay on.
    throttle: Literal["on", "off"] = "on"
    #: Put the one-time code into the forgot-password answer, for clients that fill it in; refused in production.
    otp_echo: bool = False
    #: Answer account recovery alike for known and unknown service numbers.
    recovery_uniform: bool = False

    # -- PHPNuxBill clients
    #: The original installation's `api_secret`, so that its customers' tokens stay good; empty derives one from the master secret.
    nux_api_secret: str = ""
    #: A key that may do what the first administrator may, as the original's setting `api_key`; empty allows none.
    nux_api_key: str = ""

    # -- Bill partners
    #: Call partners back over http and inside the own network too: for the demo and for tests, refused in production.
    callback_allow_private: bool = False

    # -- WhatsApp
    #: How WhatsApp is reached: the wire gateway, Meta's Cloud API, WAHA, Evolution, GOWA, Fonnte or Wablas.
    whatsapp: Literal["wire", "cloud", "waha", "evolution", "gowa", "fonnte", "wablas"] = "wire"
    #: The unguessable last segment of the webhook's address, for gateways that sign nothing; empty closes the webhook.
    wa_webhook_secret: str = ""
    #: Networks that may call the WhatsApp webhook, comma separated, such as the gateway's own; empty allows all.
    wa_webhook_networks: str = ""

    # -- WhatsApp: the wire gateway
    #: `post` for `/ext/<secret>/wa`, `get` for the legacy URL; empty decides by what is set below.
    wa_gateway_method: Literal["", "post", "get"] = ""
    #: The gateway's address; `{secret}` marks where the secret goes.
    wa_gateway_url: str = ""
    #: The secret path segment.
    wa_gateway_secret: str = ""
    #: How to authenticate: none, basic, header or jwt.
    wa_gateway_auth_type: Literal["", "none", "basic", "header", "jwt"] = ""
    #: User name for `basic`.
    wa_gateway_auth_username: str = ""
    #: Password for `basic`.
    wa_gateway_auth_password: str = ""
    #: Header name for `header`.
    wa_gateway_auth_header_name: str = ""
    #: Token for `header` and `jwt`.
    wa_gateway_auth_token: str = ""
    #: Legacy GET address with literal `[number]` and `[text]`.
    wa_get_url: str = ""

    # -- WhatsApp: Meta's Cloud API, calling back to `/webhooks/whatsapp/cloud`
    #: Where the Graph API is; a stand-in may take its place.
    wa_cloud_url: str = "https://graph.facebook.com"
    #: The version of the Graph API.
    wa_cloud_version: str = "v23.0"
    #: The number's id in the app, which is not the phone number.
    wa_cloud_phone_number_id: str = ""
    #: A system user's token with the right whatsapp_business_messaging.
    wa_cloud_token: str = ""
    #: The app's secret, which signs what Meta sends.
    wa_cloud_app_secret: str = ""
    #: The word Meta repeats when it asks whether the webhook is ours; choose any.
    wa_cloud_verify_token: str = ""
    #: An approved utility template with one place in its body, for notices outside the 24-hour window without their own.
    wa_cloud_template: str = ""

    # -- WhatsApp: WAHA, calling back to `/webhooks/whatsapp/waha`
    #: The address of the WAHA server.
    waha_url: str = ""
    #: The API key that WAHA accepts.
    waha_key: str = ""
    #: The session that is logged in to the number.
    waha_session: str = "default"
    #: The webhook's HMAC key, set in the session too.
    waha_hmac_key: str = ""

    # -- WhatsApp: Evolution API, calling back to `/webhooks/whatsapp/evolution/<secret>`
    #: The address of the Evolution server.
    evolution_url: str = ""
    #: The API key that Evolution accepts.
    evolution_key: str = ""
    #: The instance that is logged in to the number.
    evolution_instance: str = ""
    #: The server's major version: their bodies differ.
    evolution_version: Literal["1", "2"] = "2"

    # -- WhatsApp: GOWA, calling back to `/webhooks/whatsapp/gowa`
    #: The address of the GOWA server.
    gowa_url: str = ""
    #: User name of its basic authentication.
    gowa_username: str = ""
    #: Password of its basic authentication.
    gowa_password: str = ""
    #: The device, from version 8 on; empty leaves the choice to the server.
    gowa_device: str = ""
    #: What it signs its calls with; its own default is refused.
    gowa_webhook_secret: str = ""

    # -- WhatsApp: Fonnte, calling back to `/webhooks/whatsapp/fonnte/<secret>`
    #: Where its API is; a stand-in may take its place.
    fonnte_url: str = "https://api.fonnte.com"
    #: The device's token.
    fonnte_token: str = ""

    # -- WhatsApp: Wablas, calling back to `/webhooks/whatsapp/wablas/<secret>`
    #: The server of the account, such as https://jogja.wablas.com.
    wablas_url: str = ""
    #: The account's token.
    wablas_token: str = ""
    #: The account's secret key; older accounts have none.
    wablas_secret: str = ""

    #: The number customers write to (E.164 digits), for links that open the chat; empty leaves such links out.
    wa_number: str = ""

    # -- Telegram
    #: The bot's public name without the @, for links that open the chat; empty leaves such links out.
    telegram_bot: str = ""
    #: The bot's token from BotFather, `<id>:<secret>`; empty leaves Telegram out.
    telegram_token: str = ""
    #: Where the Bot API is, without the token; a self-hosted server or a stand-in may take its place.
    telegram_api_url: str = "https://api.telegram.org"
    #: Set to have updates pushed to `/webhooks/telegram` below the public URL, 16 to 256 of `A-Z a-z 0-9 _ -`; empty polls.
    telegram_webhook_secret: str = ""

    @override
    def __repr__(self) -> str:
        return f"Settings(env={self.env!r})"  # half of the rest is secret

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def masters(self) -> tuple[str, ...]:
        """Master secrets, newest first; the published demo secret only where the demo is on."""
        first = self.secret_key or (DEMO_SECRET if self.demo else "")
        return tuple(secret for secret in (first, *listed(self.secret_key_previous)) if secret)

    @property
    def nux_signing_secret(self) -> str:
        """What the tokens of PHPNuxBill clients are signed with."""
        return self.nux_api_secret or Keyring(self.masters).derived("nux tokens")[0].hex()

    @property
    def base_url(self) -> str:
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def link_url(self) -> str:
        """What links for customers begin with: the public address, in the sandbox our own; empty where none can be followed."""
        return self.base_url if self.public_url or self.sandbox else ""


class BadSettings(Exception):
    """The environment cannot be started with.

    `problems` holds one sentence for each thing to mend, `settings` what could be read.
    """

    def __init__(self, problems: list[str], settings: Settings) -> None:
        self.problems, self.settings = problems, settings
        super().__init__("\n".join(problems))


def load(environ: Mapping[str, str]) -> Settings:
    """Read `LOKET_*`; raises `BadSettings` with every problem at once."""
    problems: list[str] = []
    values: dict[str, Any] = {}
    for name, kind in get_type_hints(Settings, include_extras=True).items():
        raw = environ.get(f"LOKET_{name.upper()}")
        if raw is None or (raw == "" and kind is not str):
            continue
        try:
            values[name] = _converted(raw, kind)
        except msgspec.ValidationError as error:
            problems.append(f"LOKET_{name.upper()}: {_explained(error, kind)}")
    settings = Settings(**values)
    problems += _contradictions(settings)
    if problems:
        raise BadSettings(problems, settings)
    return settings


def listed(raw: str) -> tuple[str, ...]:
    """The parts of a comma separated setting, without blanks around them and without empty ones."""
    return tuple(part.strip() for part in raw.split(",") if part.strip())


def _converted(raw: str, kind: Any) -> Any:
    value = raw.strip()
    if kind is bool:
        value = {"on": "true", "yes": "true", "off": "false", "no": "false"}.get(value.lower(), value)
    return msgspec.convert(value, kind, strict=False)


def _explained(error: msgspec.ValidationError, kind: Any) -> str:
    choices = [choice for choice in get_args(kind) if isinstance(choice, str) and choice]
    return f"must be one of {', '.join(choices)}" if choices else str(error)


def _contradictions(settings: Settings) -> list[str]:
    """What no value shows alone."""
    return [problem for problem, is_wrong in (*_data_checks(settings), *_safety_checks(settings)) if is_wrong]


def _data_checks(settings: Settings) -> list[tuple[str, bool]]:
    url = settings.database_url
    supported = url.startswith(
        ("sqlite+aiosqlite:///", "sqlite:///", "postgresql+asyncpg://", "postgresql://")
    )
    return [
        ("LOKET_DATABASE_URL: must begin with sqlite+aiosqlite:/// or postgresql+asyncpg://", not supported),
        (
            "LOKET_DATABASE_URL: an in-memory database is lost between connections; name a file",
            is_memory(url),
        ),
        (
            "LOKET_WA_NUMBER: digits only, with the country code",
            not re.fullmatch("[0-9]{0,15}", settings.wa_number),
        ),
        (
            "LOKET_TELEGRAM_BOT: the bot's name without the @",
            not re.fullmatch("[A-Za-z0-9_]{0,32}", settings.telegram_bot),
        ),
        (
            f"LOKET_TIMEZONE: no such zone: {settings.timezone}",
            settings.timezone not in available_timezones(),
        ),
        (
            "LOKET_OFFICE_HOURS: must look like 08:00-21:00",
            not OFFICE_HOURS.fullmatch(settings.office_hours),
        ),
        (
            "LOKET_TRUSTED_PROXIES: not a list of addresses or networks",
            not _are_networks(settings.trusted_proxies),
        ),
        (
            "LOKET_WA_WEBHOOK_NETWORKS: not a list of addresses or networks",
            not _are_networks(settings.wa_webhook_networks),
        ),
        (
            "LOKET_SERVICE_NUMBER_PREFIX: at most 12 digits, and nothing else",
            not re.fullmatch("[0-9]{0,12}", settings.service_number_prefix),
        ),
        (
            "LOKET_REDIS_URL: must begin with redis:// or rediss://",
            not re.match("rediss?://|$", settings.redis_url),
        ),
    ]


def _safety_checks(settings: Settings) -> list[tuple[str, bool]]:
    production = settings.env == "production"
    secrets = settings.masters
    webhook = settings.wa_webhook_secret
    return [
        *_telegram_checks(settings),
        ("LOKET_SECRET_KEY: missing; generate one with: openssl rand -base64 48", not secrets),
        (
            f"LOKET_SECRET_KEY: at least {MINIMUM_SECRET_LENGTH} characters",
            any(len(secret) < MINIMUM_SECRET_LENGTH for secret in secrets),
        ),
        (
            "LOKET_SECRET_KEY: the demo's published secret is refused in production",
            production and DEMO_SECRET in secrets,
        ),
        ("LOKET_DEMO: refused in production, its passwords are published", production and settings.demo),
        (
            "LOKET_SANDBOX: refused in production, it would swallow real messages",
            production and settings.sandbox,
        ),
        (
            "LOKET_CALLBACK_ALLOW_PRIVATE: refused in production, it opens the own network to partners' addresses",
            production and settings.callback_allow_private,
        ),
        (
            "LOKET_OTP_ECHO: refused in production, it hands accounts to strangers",
            production and settings.otp_echo,
        ),
        (
            "LOKET_NUX_API_KEY: at least 32 characters, it opens everything",
            bool(settings.nux_api_key) and len(settings.nux_api_key) < MINIMUM_SECRET_LENGTH,
        ),
        (
            "LOKET_WA_WEBHOOK_SECRET: at least 16 characters, it is all that protects the webhook",
            bool(webhook) and len(webhook) < 16 and not settings.demo,
        ),
    ]


def _telegram_checks(settings: Settings) -> list[tuple[str, bool]]:
    token, secret = settings.telegram_token, settings.telegram_webhook_secret
    return [
        (
            "LOKET_TELEGRAM_TOKEN: must look like 123456789:ABC-def_ghi",
            bool(token) and not re.fullmatch(r"\d{1,20}:[\w-]{10,}", token, re.ASCII),
        ),
        (
            "LOKET_TELEGRAM_API_URL: must begin with https:// or http://",
            not settings.telegram_api_url.startswith(("https://", "http://")),
        ),
        (
            "LOKET_TELEGRAM_WEBHOOK_SECRET: 16 to 256 of A-Z a-z 0-9 _ -, it is all that protects the webhook",
            bool(secret) and not re.fullmatch(r"[\w-]{16,256}", secret, re.ASCII),
        ),
        (
            "LOKET_TELEGRAM_WEBHOOK_SECRET: needs LOKET_PUBLIC_URL with https://, Telegram pushes nowhere else",
            bool(secret and token)
            and not settings.sandbox
            and not settings.public_url.startswith("https://"),
        ),
    ]


def is_memory(url: str) -> bool:
    return url.startswith("sqlite") and (":memory:" in url or url.rstrip("/").endswith(":"))


def _are_networks(raw: str) -> bool:
    try:
        networks(raw)
    except ValueError:
        return False
    return True


def networks(raw: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    """A comma separated list of addresses and networks; raises `ValueError` on anything else."""
    return tuple(ipaddress.ip_network(part, strict=False) for part in listed(raw))
