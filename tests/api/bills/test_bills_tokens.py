"""Who gets in: tokens in every spelling partners send, and one answer for everything that is wrong with them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from core.partners.access import Shown
from core.partners.tables import partner_keys, partner_nonces
from core.partners.types import Scope
from core.platform.clock import ManualClock
from core.platform.errors import Unauthenticated
from core.services import Services
from tests.api.bills.partner import BALANCE, CHECK, PAYMENT, STATUS, Partner, segment, sign, token_of

SECRET = "demo-partner-secret"
HS256 = segment(b'{"alg":"HS256"}')
GOOD = {"partnerId": "demo-partner", "accountNumber": "9000000300", "productCode": "SBX-INET"}


@pytest.fixture
def database_url(demo_sqlite_url: str) -> str:
    """Tokens are much the same on every database."""
    return demo_sqlite_url


async def check(partner: Partner, token: str, **what: Any) -> int:
    said = await partner.send("POST", CHECK, token, **what)
    if said.status == 401:
        assert (said.rc, said.data) == (401, {})
    return said.rc


async def test_a_good_token_gets_in(demo_partner: Partner) -> None:
    assert await check(demo_partner, token_of(GOOD, SECRET)) == 300
    assert await check(demo_partner, token_of(GOOD, SECRET, {"typ": "JWT", "alg": "HS256"})) == 300
    assert await check(demo_partner, token_of(GOOD, SECRET, {"alg": "HS256"})) == 300


async def test_a_token_in_the_other_alphabet_and_with_padding_gets_in(demo_partner: Partner) -> None:
    seen = set()
    for number in range(40):  # until both special characters were in a signature, and padding in every part
        body = json.dumps(GOOD | {"note": f"{number} ÿÿÿ>>>???"}, ensure_ascii=False).encode()
        parts = [base64.b64encode(part).decode() for part in (b'{"alg":"HS256","typ":"JWT"}', body)]
        signature = base64.b64encode(sign(".".join(parts), SECRET)).decode()
        seen |= set("/+=") & set(signature)
        if number in {0, 1} or len(seen) == 3:
            assert await check(demo_partner, ".".join((*parts, signature))) == 300
        if len(seen) == 3:
            return
    pytest.fail(f"only {seen} turned up")


async def test_the_vendors_half_converted_signature_gets_in(demo_partner: Partner) -> None:
    """Its shell recipe replaces the first `+` and never a `/`."""
    for number in range(60):
        signed = f"{HS256}.{segment(json.dumps(GOOD | {'n': number}).encode())}"
        signature = base64.b64encode(sign(signed, SECRET)).decode().rstrip("=").replace("+", "-", 1)
        if "-" in signature and "/" in signature:
            assert await check(demo_partner, f"{signed}.{signature}") == 300
            return
    pytest.fail("no such signature turned up")


async def test_claims_may_be_written_in_any_case(demo_partner: Partner) -> None:
    claims = {"PartnerID": "demo-partner", "AccountNumber": "9000000300", "ProductCode": "SBX-INET"}
    assert await check(demo_partner, token_of(claims, SECRET)) == 300


async def test_two_claims_that_differ_in_case_only_are_refused(demo_partner: Partner) -> None:
    claims = GOOD | {"accountnumber": "9000000302"}
    assert await check(demo_partner, token_of(claims, SECRET)) == 321
    said = await demo_partner.send("POST", PAYMENT, token_of(claims, SECRET))
    assert said.rc == 199


def _bad_tokens() -> dict[str, str]:
    head, body, signature = token_of(GOOD, SECRET).split(".")
    unsigned = segment(b'{"alg":"none"}') + f".{body}."
    rs256 = segment(b'{"alg":"RS256"}') + f".{body}"
    return {
        "empty": "",
        "another secret": token_of(GOOD, "demo-empty-secret"),
        "changed claims": f"{head}.{segment(json.dumps(GOOD | {'x': 1}).encode())}.{signature}",
        "alg none": unsigned,
        "alg none, signed": token_of(GOOD, SECRET, {"alg": "none"}),
        "alg RS256": f"{rs256}.{segment(sign(rs256, SECRET))}",
        "alg in small letters": token_of(GOOD, SECRET, {"alg": "hs256"}),
        "no alg": token_of(GOOD, SECRET, {}),
        "two segments": f"{head}.{body}",
        "four segments": f"{head}.{body}.{signature}.{signature}",
        "blank inside": f"{head}.{body}.{signature[:9]} {signature[9:]}",
        "not base64": f"{head}.{body}.!!!!",
        "cut off": f"{head}.{body}.{signature[:-4]}",
        "foreign partner": token_of(GOOD | {"partnerId": "demo-empty"}, SECRET),
        "no partner": token_of({"accountNumber": "9000000300"}, SECRET),
        "partner as a list": token_of(GOOD | {"partnerId": ["demo-partner"]}, SECRET),
        "claims are a list": token_of("[1]", SECRET),
        "claims are no JSON": token_of("{,}", SECRET),
        "not a number": token_of('{"partnerId": "demo-partner", "amount": NaN}', SECRET),
        "nested too deep": token_of('{"partnerId": ' + "[" * 3000 + "]" * 3000 + "}", SECRET),
        "too long": token_of(GOOD | {"x": "y" * 8000}, SECRET),
    }


@pytest.mark.parametrize("name", _bad_tokens())
async def test_a_bad_token_is_refused(demo_partner: Partner, name: str) -> None:
    said = await demo_partner.send("POST", CHECK, _bad_tokens()[name])
    assert said.status == 401, said
    assert said.body == {
        "responseCode": 401,
        "success": False,
        "message": {"ID": "Tidak berwenang", "EN": "Unauthorised"},
        "data": {},
    }


async def change_key(services: Services, **values: Any) -> None:
    async with services.uow.write() as tx:
        await tx.execute(update(partner_keys).where(partner_keys.c.key == "demo-partner").values(**values))


async def test_whatever_is_wrong_sounds_the_same(
    demo_partner: Partner, services: Services, clock: ManualClock
) -> None:
    token = token_of(GOOD, SECRET)
    texts = {(await demo_partner.send("POST", CHECK, token, headers={"KEY": "nobody"})).text}
    texts.add((await demo_partner.send("POST", CHECK, "x.y.z")).text)
    for change in (
        {"is_active": False},
        {"networks": ["203.0.113.7/32"]},
        {"scopes": ["status"]},
        {"expires_at": clock.now()},
        {"not_before": clock.now() + timedelta(minutes=1)},
    ):
        whole = {"is_active": True, "networks": [], "expires_at": None, "not_before": None}
        whole["scopes"] = ["inquiry", "payment", "status", "report"]
        await change_key(services, **(whole | change))
        said = await demo_partner.send("POST", CHECK, token)
        assert said.status == 401, change
        texts.add(said.text)
    assert len(texts) == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", 300),
        (b"{}", 300),
        (b"  ", 300),
        (b'{"accountNumber": "9000000300"}', 300),
        (b'{"ACCOUNTNUMBER": "9000000300", "productCode": "SBX-INET"}', 300),
        (b'{"accountNumber": "9000000302"}', 401),
        (b'{"month": 1}', 401),
        (b'{"partnerId": "demo-empty"}', 401),
        (b'{"accountNumber": ', 321),
        (b"[]", 321),
        (b"\xff", 321),
    ],
)
async def test_a_body_may_only_repeat_what_was_signed(demo_partner: Partner, body: bytes, code: int) -> None:
    assert await check(demo_partner, token_of(GOOD, SECRET), content=body) == code


async def test_numbers_of_a_body_are_compared_by_value(demo_partner: Partner) -> None:
    token = token_of(GOOD | {"month": 1}, SECRET)
    assert await check(demo_partner, token, content=b'{"month": 1.0}') == 300
    assert await check(demo_partner, token, content=b'{"month": true}') == 401
    assert await check(demo_partner, token, content=b'{"month": "1"}') == 401


@pytest.mark.parametrize(("version", "code"), [("1.0", 300), ("2.0", 300), ("3.0", 321), ("", 321)])
async def test_two_versions_are_spoken(demo_partner: Partner, version: str, code: int) -> None:
    assert await check(demo_partner, token_of(GOOD, SECRET), headers={"VERSION": version}) == code


async def test_a_version_nobody_speaks_is_199_on_payment_and_321_on_status(demo_partner: Partner) -> None:
    strange = {"VERSION": "9"}
    assert (await demo_partner.post(PAYMENT, headers=strange)).rc == 199
    assert (await demo_partner.post(STATUS, headers=strange)).rc == 321
    assert (await demo_partner.post(BALANCE, headers=strange)).rc == 321


async def test_what_a_token_says_of_its_age_must_be_true(demo_partner: Partner, clock: ManualClock) -> None:
    now = int(clock.now().timestamp())
    for claims, code in (
        ({"iat": now}, 300),
        ({"iat": now - 299}, 300),
        ({"iat": now - 301}, 401),
        ({"iat": now + 301}, 401),
        ({"exp": now + 1}, 300),
        ({"exp": now}, 401),
        ({"iat": "now"}, 401),
        ({"iat": 10**400}, 401),
        ({"jti": "one"}, 300),
        ({"jti": "one", "month": 1}, 401),
        ({"jti": "two"}, 300),
        ({"jti": ""}, 401),
        ({"jti": 5}, 401),
    ):
        assert await check(demo_partner, token_of(GOOD | claims, SECRET)) == code, claims


async def test_a_strict_key_takes_fresh_tokens_only_and_each_once(
    demo_partner: Partner, services: Services, clock: ManualClock
) -> None:
    await change_key(services, requires_fresh=True)
    fresh = GOOD | {"iat": int(clock.now().timestamp()), "jti": "a"}
    assert await check(demo_partner, token_of(GOOD, SECRET)) == 401
    assert await check(demo_partner, token_of(fresh, SECRET)) == 300
    assert await check(demo_partner, token_of(fresh, SECRET)) == 401
    clock.move(timedelta(hours=25))
    await services.partners.purge()
    async with services.uow.read() as tx:
        assert await tx.all(select(partner_nonces)) == []


async def test_the_hardened_profile_signs_the_whole_request(
    demo_partner: Partner, services: Services, clock: ManualClock
) -> None:
    await change_key(services, requires_signature=True)
    token, body = token_of(GOOD, SECRET), b'{ "productCode": "SBX-INET" }'

    def headers(external_id: str, *, at: datetime, path: str = CHECK) -> dict[str, str]:
        stamp = at.astimezone(UTC).isoformat()
        digest = hashlib.sha256(b'{"productCode":"SBX-INET"}').hexdigest()
        signed = f"POST:{path}:{token}:{digest}:{stamp}"
        mac = hmac.new(SECRET.encode(), signed.encode(), hashlib.sha512).digest()
        return {
            "X-Timestamp": stamp,
            "X-Signature": base64.b64encode(mac).decode(),
            "X-External-Id": external_id,
        }

    now = clock.now()
    assert await check(demo_partner, token, content=body) == 401
    assert await check(demo_partner, token, content=body, headers=headers("e1", at=now)) == 300
    again = await demo_partner.send("POST", CHECK, token, content=body, headers=headers("e1", at=now))
    assert (again.status, again.rc) == (409, 419)
    late = headers("e2", at=now - timedelta(seconds=301))
    assert await check(demo_partner, token, content=body, headers=late) == 401
    assert await check(demo_partner, token, content=body, headers=headers("e3", at=now, path="/x")) == 401
    assert await check(demo_partner, token, content=b"{}", headers=headers("e4", at=now)) == 401
    assert await check(demo_partner, token, content=body, headers=headers("x" * 37, at=now)) == 401


async def test_twenty_wrong_signatures_shut_the_key_for_that_address(
    demo_partner: Partner, clock: ManualClock
) -> None:
    wrong, right = token_of(GOOD, "guess"), token_of(GOOD, SECRET)
    for _ in range(19):
        assert await check(demo_partner, wrong) == 401
    assert await check(demo_partner, right) == 300  # a good call begins the count afresh
    for _ in range(20):
        assert await check(demo_partner, wrong) == 401
    shut = await demo_partner.send("POST", CHECK, right)
    assert (shut.status, shut.rc) == (429, 429)
    assert 0 < int(shut.headers["retry-after"]) <= 900
    clock.move(timedelta(minutes=15, seconds=1))
    assert await check(demo_partner, right) == 300


async def test_a_stranger_cannot_shut_a_partner_out(demo_partner: Partner, services: Services) -> None:
    gate = services.partners.gate
    stranger = Shown("demo-partner", token_of(GOOD, "guess"), "198.51.100.9")
    for _ in range(20):
        key = await gate.key_of(stranger, Scope.INQUIRY)
        with pytest.raises(Unauthenticated):
            await gate.claims_of(key, stranger)
    assert await check(demo_partner, token_of(GOOD, SECRET)) == 300
