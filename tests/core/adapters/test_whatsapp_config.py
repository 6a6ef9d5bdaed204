"""Gateway settings: which way, which address, which credentials, and what is wrong with them."""

import re

import msgspec
import pytest

from core.adapters.whatsapp import GatewayConfig, new_idempotency_key, problems
from core.adapters.whatsapp.config import uses_post
from core.adapters.whatsapp.keys import clean_key
from core.adapters.whatsapp.request import resolve_url, wire_number


def config(**settings: object) -> GatewayConfig:
    return msgspec.convert({"url": "https://gw.id/ext/{secret}/wa", "secret": "s", **settings}, GatewayConfig)


@pytest.mark.parametrize(
    ("url", "resolved"),
    [
        ("https://gw.id/ext/{secret}/wa", "https://gw.id/ext/a%20b%2Fc/wa"),
        ("https://gw.id/ext/:secret/wa", "https://gw.id/ext/a%20b%2Fc/wa"),
        ("https://gw.id/ext/[secret]/wa", "https://gw.id/ext/a%20b%2Fc/wa"),
        ("https://gw.id/{secret}/:secret", "https://gw.id/a%20b%2Fc/:secret"),
        ("https://gw.id", "https://gw.id/ext/a%20b%2Fc/wa"),
        (" https://gw.id/base// ", "https://gw.id/base/ext/a%20b%2Fc/wa"),
        ("https://gw.id/EXT/typed", "https://gw.id/EXT/typed"),
        ("https://gw.id/api/WA", "https://gw.id/api/WA"),
        ("https://wa.example.id", "https://wa.example.id"),
    ],
)
def test_url_follows_the_first_rule_that_fits(url: str, resolved: str) -> None:
    it = config(url=url, secret="a b/c")

    assert problems(it) == []
    assert resolve_url(it) == resolved


@pytest.mark.parametrize(
    "url", ["https://gw.id/{secret}", "https://gw.id/:secret", "https://gw.id/[secret]", "https://gw.id"]
)
def test_url_that_needs_a_secret_is_a_problem_without_one(url: str) -> None:
    assert problems(config(url=url, secret="")) == [
        "the gateway URL needs the gateway secret, which is missing"
    ]


def test_typed_url_needs_no_secret() -> None:
    assert problems(config(url="https://gw.id/api/wa", secret="")) == []


@pytest.mark.parametrize(
    ("settings", "post"),
    [
        ({"method": "post", "url": "", "secret": ""}, True),
        ({"method": ""}, True),
        ({"method": "", "url": ""}, True),
        ({"method": "", "secret": ""}, True),
        ({"method": "", "url": "", "secret": ""}, False),
        ({"method": "get"}, False),
    ],
)
def test_messages_are_posted_if_said_so_or_if_a_gateway_is_named(
    settings: dict[str, str], *, post: bool
) -> None:
    assert uses_post(config(**settings)) is post


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"url": ""}, "gateway URL is missing"),
        ({"url": "gw.id/ext/{secret}/wa"}, "not an http"),
        ({"url": "ftp://gw.id"}, "not an http"),
        ({"url": "https://gw.id:99999/"}, "not an http"),
        ({"url": "https:///wa"}, "not an http"),
        ({"url": "https://gw .id/wa"}, "not an http"),
        ({"url": "https://loket:x@gw.id/wa"}, "user name"),
        ({"url": "", "secret": "", "method": ""}, "no gateway is configured"),
        ({"method": "get"}, "GET URL is missing"),
        ({"method": "get", "get_url": "https://gw.id/?n=[number]"}, "lacks [text]"),
        ({"method": "get", "get_url": "https://gw.id/?t=[text]"}, "lacks [number]"),
        ({"auth_type": "basic", "auth_username": "u"}, "password"),
        ({"auth_type": "basic", "auth_password": "p"}, "user name"),
        ({"auth_type": "basic", "auth_username": "u:v", "auth_password": "p"}, "colon"),
        ({"auth_type": "header", "auth_header_name": "X-Key"}, "token"),
        ({"auth_type": "header", "auth_token": "t"}, "header name"),
        ({"auth_type": "header", "auth_header_name": "X Key", "auth_token": "t"}, "header name"),
        ({"auth_type": "header", "auth_header_name": "Content-Type", "auth_token": "t"}, "header name"),
        ({"auth_type": "jwt"}, "token"),
        ({"auth_type": "jwt", "auth_token": "t\r\nX-Evil: 1"}, "characters"),
        ({"country_code": "+62"}, "country code"),
        ({"read_timeout_s": 0}, "timeouts"),
    ],
)
def test_each_problem_is_named(settings: dict[str, object], words: str) -> None:
    (problem,) = problems(config(**settings))

    assert words in problem


def test_all_problems_are_listed_at_once_and_quote_nothing() -> None:
    it = config(
        url="ftp://gw.id/kunci-rahasia", auth_type="header", auth_token="kunci\nrahasia", country_code="x"
    )

    assert len(problems(it)) == 4
    assert "rahasia" not in " ".join(problems(it))


def test_shown_configuration_keeps_its_secrets() -> None:
    it = config(secret="kunci", auth_token="kunci", auth_password="kunci", get_url="https://x/kunci")

    assert "kunci" not in f"{it!r} {it} {it.__rich_repr__()}"


@pytest.mark.parametrize(
    ("number", "sent"),
    [
        ("628123", "628123"),
        ("08123", "608123"),
        (" 08123 ", "608123"),
        ("+628123", "+628123"),
        ("0812-3", "0812-3"),
        ("120363@g.us", "120363@g.us"),
    ],
)
def test_local_number_gets_the_country_code_only_if_all_digits(number: str, sent: str) -> None:
    assert wire_number(number, "60") == sent


def test_new_key_is_its_context_and_32_hex_digits() -> None:
    key = new_idempotency_key("invoice due: 1!")

    assert re.fullmatch("invoicedue1-[0-9a-f]{32}", key)
    assert new_idempotency_key("invoice due: 1!") != key


@pytest.mark.parametrize("context", ["", "!!", "x" * 300])
def test_new_key_survives_any_context_whole(context: str) -> None:
    key = new_idempotency_key(context)

    assert re.fullmatch("(wa|x+)-[0-9a-f]{32}", key)
    assert clean_key(key) == key


def test_key_is_cleaned_and_cut_to_128_characters() -> None:
    assert clean_key("a b\r\nc\u00e9:1") == "abc:1"
    assert clean_key("k" * 200) == "k" * 128
