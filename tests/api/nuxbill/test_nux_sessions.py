"""Tokens, logging in and out, and the protocol around them (phpnuxbill-1 contract §1, §2, §9.1 to §9.3, §11.1)."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta

import pytest

from api.nuxbill.tokens import Bad, Tokens
from core.platform.clock import ManualClock
from tests.api.nuxbill.conftest import Login
from tests.api.nuxbill.support import Nux
from tests.api.support import Caller

SECRET = "the-original-installations-api-secret"
KEY = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def environment() -> dict[str, str]:
    return {"LOKET_NUX_API_SECRET": SECRET, "LOKET_NUX_API_KEY": KEY}


def signed(kind: str, owner: int, at: int) -> str:
    shown = hmac.new(SECRET.encode(), f"{kind}.{owner}.{at}".encode(), hashlib.sha256).hexdigest()[:40]
    return f"{kind}.{owner}.{at}.{shown}"


def as_php_signs(kind: str, owner: int, at: int) -> str:
    return f"{kind}.{owner}.{at}.{hashlib.sha1(f'{owner}.{at}.{SECRET}'.encode(), usedforsecurity=False).hexdigest()}"


async def test_staff_log_in_and_their_token_says_who_they_are(nux: Nux) -> None:
    said = await nux.post("admin/post", username="ADMIN", password="admin")
    assert (said.success, said.message) == (True, "Login Successful")
    token = said.result["token"]
    assert token.startswith("a.")
    admin = nux.having(token)
    assert (await admin.get("isValid")).message == "Token is valid"
    me = (await admin.get("me")).result
    assert (me["username"], me["user_type"], me["status"]) == ("admin", "SuperAdmin", "Active")
    assert not {"password", "login_token", "password_hash"} & set(me)
    assert me["last_login"]


async def test_a_customer_logs_in_by_user_name_or_email(nux: Nux, customer: Login) -> None:
    for name in ("isp00123", "john@example.com"):
        john = await customer(name)
        assert john.token.startswith("c.1.")
        assert (await john.get("isValid")).success
    me = (await (await customer()).get("me")).result
    assert me == {"id": 1, "username": "ISP00123", "status": "Active", "type": "customer"}


@pytest.mark.parametrize(
    ("route", "message"),
    [
        ("admin/post", "Invalid Username or Password."),
        ("login/post", "Invalid Username or Password"),
    ],
)
@pytest.mark.parametrize("form", [{"username": "admin"}, {}, {"username": "ISP00123", "password": "x"}])
async def test_whatever_is_wrong_sounds_the_same(
    nux: Nux, route: str, message: str, form: dict[str, str]
) -> None:
    said = await nux.post(route, **form)
    assert (said.status, said.success, said.message) == (200, False, message)


async def test_guessing_is_paused(nux: Nux) -> None:
    for _ in range(5):
        await nux.post("admin/post", username="budi", password="wrong")
    said = await nux.post("admin/post", username="budi", password="budi1234")
    assert said.message == "Too many invalid attempts. Please try again after 1 minutes."


async def test_the_installations_key_stands_for_the_first_superadmin(nux: Nux) -> None:
    assert (await nux.having(KEY).get("me")).result["username"] == "admin"
    said = await nux.having(KEY[:-1] + "0").get("me")
    assert (said.success, said.message) == (False, "Token is invalid")


async def test_tokens_are_read_as_the_contract_says(nux: Nux, clock: ManualClock) -> None:
    now = int(clock.now().timestamp())
    old = now - 91 * 86400
    answers = {
        signed("c", 1, now): "Token is valid",
        signed("c", 1, 0): "Token is valid",
        signed("c", 1, old): "Token Expired",
        as_php_signs("c", 1, now): "Token is valid",
        as_php_signs("a", 8, now): "Token is invalid",
        signed("c", 1, now)[:-1] + "z": "Token is invalid",
        signed("c", 99, now): "Token is invalid",
        "x.1.1.abc": "Unknown Token",
        "nonsense": "Token is invalid",
    }
    for token, message in answers.items():
        said = await nux.having(token).get("isValid")
        assert said.message == message, token
        assert said.meta.get("login") == (True if message in {"Token Expired", "Unknown Token"} else None)


async def test_a_customers_token_never_turns_into_a_staff_token(nux: Nux, customer: Login) -> None:
    john = await customer()
    said = await nux.having("a" + john.token[1:]).get("isValid")
    assert (said.success, said.message) == (False, "Token is invalid")


async def test_a_bad_token_fails_also_where_none_is_needed(nux: Nux) -> None:
    assert (await nux.having("nonsense").get("login")).message == "Token is invalid"


async def test_logging_out_ends_tokens_and_a_new_login_in_the_same_second_is_good(
    nux: Nux, staff: Login
) -> None:
    first = await staff()
    refused = await first.get("logout")
    assert (refused.status, refused.message) == (405, "Invalid logout request.")
    assert (await first.post("logout")).message == "Logout Successful"
    assert (await first.get("isValid")).message == "Token is invalid"
    assert (await (await staff()).get("isValid")).success


async def test_a_changed_password_ends_older_tokens(
    nux: Nux, customer: Login, john: Caller, clock: ManualClock
) -> None:
    before = await customer()
    clock.move(timedelta(seconds=5))
    changed = await john.post(
        "/api/auth/change-password",
        current_password="rahasia123",
        password="kucing-hitam-7",
        password_confirmation="kucing-hitam-7",
    )
    assert changed.status == 200, changed
    assert (await before.get("isValid")).message == "Token is invalid"
    assert (await (await customer(password="kucing-hitam-7")).get("isValid")).success


async def test_an_empty_route_and_unknown_ones(nux: Nux, staff: Login) -> None:
    admin = await staff()
    assert (await admin.get("")).message == "Token is valid"
    for route in ("", "nothing", "nothing/at/all", "../etc", "admin\0"):
        assert (await nux.get(route)).message == "Command not found"


async def test_the_route_may_be_a_path(nux: Nux, staff: Login) -> None:
    token = (await staff()).token
    answer = await nux.client.get("/system/api.php/isValid", params={"token": token})
    assert answer.json()["message"] == "Token is valid"


async def test_the_token_may_come_as_bearer_or_in_json(nux: Nux, staff: Login) -> None:
    token = (await staff()).token
    by_header = await nux.client.get(
        "/system/api.php", params={"r": "isValid"}, headers={"Authorization": f"Bearer {token}"}
    )
    by_json = await nux.client.post("/system/api.php", params={"r": "isValid"}, json={"token": token})
    assert by_header.json()["success"] is by_json.json()["success"] is True


@pytest.mark.parametrize("method", ["OPTIONS", "HEAD"])
async def test_browsers_may_ask_first(nux: Nux, method: str) -> None:
    answer = await nux.raw(method, "customers/list")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]


async def test_csrf_words_are_for_those_who_came_in(nux: Nux, customer: Login) -> None:
    refused = await nux.get("csrf-refresh")
    assert (refused.message, refused.meta) == ("Token is invalid", {"login": True})
    words = (await (await customer()).get("csrf-refresh")).result
    assert len(words["csrf_token"]) >= 24
    assert words["csrf_token"] != words["csrf_token_logout"]


def test_another_secret_reads_nothing(clock: ManualClock) -> None:
    token = signed("c", 7, int(clock.now().timestamp()))
    assert Tokens(SECRET).read(token, clock.now(), legacy_staff=False) not in set(Bad)
    assert Tokens("another").read(token, clock.now(), legacy_staff=False) is Bad.INVALID
