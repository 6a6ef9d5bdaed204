"""How the gateway is reached, and everything that can be wrong with it before the first request."""

import re
from typing import Literal
from urllib.parse import urlsplit

from msgspec import Struct
from typing_extensions import override

SECRET_PLACES = ("{secret}", ":secret", "[secret]")
"""What stands for the secret in a gateway URL, in the order they are looked for."""

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OUR_HEADERS = {
    "host",
    "connection",
    "content-type",
    "content-length",
    "transfer-encoding",
    "accept-encoding",
}


class GatewayConfig(Struct, frozen=True):
    """Settings of the gateway, named as in whatsapp contract §1.1; its `repr` shows no value that is secret."""

    method: Literal["", "post", "get"] = ""
    url: str = ""
    secret: str = ""
    auth_type: Literal["", "none", "basic", "header", "jwt"] = ""
    auth_username: str = ""
    auth_password: str = ""
    auth_header_name: str = ""
    auth_token: str = ""
    get_url: str = ""  # legacy GET, with the literal words [number] and [text]
    country_code: str = "62"
    interactive: bool = True  # false: the gateway knows no buttons, choices become numbered lines
    connect_timeout_s: float = 5
    read_timeout_s: float = 15

    @override
    def __repr__(self) -> str:
        return f"GatewayConfig(method={self.method!r}, auth_type={self.auth_type!r})"

    @override
    def __rich_repr__(self) -> list[tuple[str, object]]:
        return [("method", self.method), ("auth_type", self.auth_type)]


def uses_post(config: GatewayConfig) -> bool:
    """Whether messages are posted; otherwise they leave through the legacy GET URL (§1.1)."""
    return config.method == "post" or (config.method == "" and bool(config.url or config.secret))


def needs_secret(url: str) -> bool:
    """Whether the URL has a place for the secret, or is a bare base to which `/ext/<secret>/wa` is added (§1.1).

    `/wa` counts anywhere, the host name included: `https://wa.example.id` is used as typed.
    """
    return any(place in url for place in SECRET_PLACES) or not re.search("/ext/|/wa", url, re.IGNORECASE)


def problems(config: GatewayConfig) -> list[str]:
    """Say everything that keeps this configuration from working, without quoting any of its values."""
    if not (config.method or config.url or config.secret or config.get_url):
        return ["no gateway is configured"]
    found = _post_problems(config) if uses_post(config) else _get_problems(config)
    if not re.fullmatch("[0-9]{1,3}", config.country_code):
        found.append("the country code must be one to three digits")
    if min(config.connect_timeout_s, config.read_timeout_s) <= 0:
        found.append("the timeouts must be longer than zero seconds")
    return found


def _post_problems(config: GatewayConfig) -> list[str]:
    url = config.url.strip()
    found = _url_problems(url, name="gateway URL")
    if url and needs_secret(url) and not config.secret:
        found.append("the gateway URL needs the gateway secret, which is missing")
    return found + _auth_problems(config)


def _get_problems(config: GatewayConfig) -> list[str]:
    url = config.get_url.strip()
    found = _url_problems(url, name="gateway GET URL")
    absent = [word for word in ("[number]", "[text]") if url and word not in url]
    return found + [f"the gateway GET URL lacks {word}" for word in absent]


def _url_problems(url: str, *, name: str) -> list[str]:
    if not url:
        return [f"the {name} is missing"]
    # Brackets in a host name mean IPv6 to the parser, and the placeholders have no say in what is checked here.
    for word in (*SECRET_PLACES, "[number]", "[text]"):
        url = url.replace(word, "x")
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or re.search(r"[\s\x00-\x1f\x7f]", url):
        return [f"the {name} is not an http(s) address"]
    if parts.username is not None or parts.password is not None:
        return [f"the {name} carries a user name; use the auth type basic instead"]
    return []


def _auth_problems(config: GatewayConfig) -> list[str]:
    match config.auth_type:
        case "" | "none":
            return []
        case "basic":
            # RFC 7617 §2: a colon would end the user name early.
            wrong = ":" in config.auth_username
            found = ["the user name of auth type basic holds a colon"] if wrong else []
            return found + _missing(user_name=config.auth_username, password=config.auth_password)
        case "header":
            name = config.auth_header_name.strip()
            found = _missing(header_name=name, token=config.auth_token)
            return found + _header_problems(name, config.auth_token)
        case "jwt":
            return _missing(token=config.auth_token) + _header_problems("Authorization", config.auth_token)


def _missing(**values: str) -> list[str]:
    return [
        f"the {name.replace('_', ' ')} of the auth type is missing"
        for name, value in values.items()
        if not value
    ]


def _header_problems(name: str, value: str) -> list[str]:
    found = []
    if name and (not _TOKEN.fullmatch(name) or name.lower() in _OUR_HEADERS):
        found.append("the header name of the auth type cannot be used")
    if not (value.isascii() and value.isprintable()):
        found.append("the token of the auth type has characters that no header can carry")
    return found
