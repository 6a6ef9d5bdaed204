"""Structured logs: static event names, ids as facts, and a last line of defence against secrets (style §6)."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

#: Facts that are never written, whatever they hold.
FORBIDDEN_KEYS = frozenset(
    {
        "phone",
        "email",
        "otp",
        "code",
        "password",
        "secret",
        "token",
        "authorization",
        "text",
        "body",
        "message_text",
        "payload",
        "id_number",
        "key",
        "api_key",
    }
)
#: Our own words, whatever they look like.
_PLAIN_KEYS = frozenset({"timestamp", "request_id", "level", "logger"})
_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_IPV4 = rf"{_OCTET}(?:\.{_OCTET}){{3}}(?![\d.])"
_SHAPES = (
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]+"), "[token]"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]+"), r"\1 [token]"),
    (re.compile(r"(?i)(/(?:ext|wire)/)[^/\s?#\"']+"), r"\1[secret]"),
    (re.compile(r"(://[^/\s:@]*):[^/\s@]+@"), r"\1:[secret]@"),
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]*\w"), "[address]"),
    # A phone, unless it is an IPv4 address; a ticket number is shorter.
    (re.compile(rf"(?<![\w.-])(?!{_IPV4})\+?\(?\d[\d\s().-]{{8,17}}\d(?![\w-])"), "[number]"),
)
_SMALLEST_PHONE = 10**9


def redact(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop forbidden facts; mask what looks like a phone, an address or a token inside the others."""
    for name, value in event.items():
        if name not in _PLAIN_KEYS:
            event[name] = _clean(name, value)
    return event


def _clean(name: str, value: object) -> object:
    match value:
        case _ if name.lower() in FORBIDDEN_KEYS:
            return "[redacted]"
        case bool() | float() | None:
            return value
        case int():
            return "[number]" if abs(value) >= _SMALLEST_PHONE and not name.endswith("_id") else value
        case Mapping():
            return {key: _clean(str(key), held) for key, held in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_clean(name, held) for held in value]
        case _:
            return masked(str(value))


def masked(text: str) -> str:
    """A text with everything that has the shape of a secret or of personal data replaced."""
    for shape, stand_in in _SHAPES:
        text = shape.sub(stand_in, text)
    return text


def configure(level: str, *, as_json: bool) -> None:
    """Set up logging for the process: JSON lines for machines, coloured lines for a person at a terminal.

    Libraries that log the standard way go through the same masks.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    render = _renderer(as_json=as_json)
    structlog.configure(
        processors=[*shared, render],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *shared, render],
        )
    )
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for chatty in ("alembic", "httpx", "httpcore", "aiohttp", "aiosqlite", "asyncio", "hpack", "telegram"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLogger().level))


def _renderer(*, as_json: bool) -> Any:
    """Plain tracebacks in both: a pretty one prints the local variables, secrets and all."""
    if as_json:
        return structlog.processors.JSONRenderer(default=str)
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )
