"""Settings: every problem at once, no unsafe production, no setting without its reason."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from cli.documentation import described_settings, documents
from core.settings import DEMO_SECRET, BadSettings, Settings, is_memory, load, networks

SECRET = "s" * 32
SAFE = {"LOKET_SECRET_KEY": SECRET}


def problems(**environ: str) -> list[str]:
    try:
        load(SAFE | {f"LOKET_{name.upper()}": value for name, value in environ.items()})
    except BadSettings as bad:
        return bad.problems
    return []


def test_a_secret_is_all_that_must_be_set() -> None:
    settings = load(SAFE)
    assert (settings.host, settings.port, settings.base_url) == ("127.0.0.1", 8080, "http://127.0.0.1:8080")
    assert settings.masters == (SECRET,)
    assert settings.zone.key == "Asia/Jakarta"


def test_the_demo_needs_no_secret_and_everything_else_does() -> None:
    assert load({"LOKET_DEMO": "1"}).masters == (DEMO_SECRET,)
    with pytest.raises(BadSettings, match="LOKET_SECRET_KEY: missing"):
        load({})


def test_all_problems_are_told_at_once() -> None:
    wrong = {
        "port": "70000",
        "env": "staging",
        "demo": "perhaps",
        "database_url": "mysql://x",
        "timezone": "Asia/Nowhere",
        "trusted_proxies": "10.0.0.0/8, home",
        "service_number_prefix": "ISP",
        "redis_url": "http://redis",
        "isolation_after_days": "-1",
        "throttle": "maybe",
        "wa_webhook_secret": "short",
        "secret_key": "short",
    }
    told = problems(**wrong)
    assert {problem.split(":")[0] for problem in told} == {f"LOKET_{name.upper()}" for name in wrong}
    assert "LOKET_ENV: must be one of development, production" in told


@pytest.mark.parametrize(
    "unsafe",
    [
        {"demo": "1"},
        {"sandbox": "1"},
        {"otp_echo": "1"},
        {"secret_key": DEMO_SECRET},
        {"secret_key_previous": DEMO_SECRET},
        {"secret_key": ""},
        {"secret_key": "x" * 31},
        {"wa_webhook_secret": "x" * 15},
    ],
)
def test_production_refuses_to_start_unsafe(unsafe: dict[str, str]) -> None:
    assert problems(env="production") == []
    assert len(problems(env="production", **unsafe)) == 1


def test_a_problem_never_quotes_a_secret() -> None:
    assert "hush" not in "".join(problems(secret_key="hush", wa_webhook_secret="hush"))
    assert SECRET not in repr(load(SAFE))


@pytest.mark.parametrize(
    "url", ["sqlite+aiosqlite:///:memory:", "sqlite:///:memory:", "sqlite+aiosqlite:///"]
)
def test_a_database_in_memory_is_refused(url: str) -> None:
    assert is_memory(url)
    assert any("in-memory" in problem for problem in problems(database_url=url))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1", True),
        ("true", True),
        ("on", True),
        ("YES", True),
        ("0", False),
        ("off", False),
        ("No", False),
        ("", False),
        (" 1 ", True),
    ],
)
def test_switches_are_understood_as_people_write_them(written: str, *, meant: bool) -> None:
    assert load(SAFE | {"LOKET_SANDBOX": written}).sandbox is meant


def test_an_empty_variable_means_the_default() -> None:
    settings = load(SAFE | {"LOKET_PORT": "", "LOKET_PUBLIC_URL": "", "LOKET_THROTTLE": ""})
    assert (settings.port, settings.throttle) == (8080, "on")


def test_former_masters_follow_the_newest() -> None:
    old, older = "o" * 32, "p" * 32
    assert load(SAFE | {"LOKET_SECRET_KEY_PREVIOUS": f"{old}, {older},"}).masters == (SECRET, old, older)


def test_networks_are_read_from_a_list() -> None:
    assert [str(each) for each in networks("10.0.0.0/8, ::1 ,192.168.1.7")] == [
        "10.0.0.0/8",
        "::1/128",
        "192.168.1.7/32",
    ]


def test_every_setting_has_its_reason_and_a_place_in_the_documents() -> None:
    described = list(described_settings())
    assert [each.name for each in described] == [
        f"LOKET_{field.name.upper()}" for field in msgspec.structs.fields(Settings)
    ]
    assert all(len(each.reason) > 15 and each.group for each in described)
    assert len({each.reason for each in described}) == len(described)


def test_the_example_file_is_not_stale_and_starts_nothing_by_itself() -> None:
    (example,) = (path for path in documents() if path.name == ".env.example")
    text = Path(example).read_text("utf-8")
    assert text == documents()[example]
    assert not re.search(r"^[A-Z]", text, re.MULTILINE)
