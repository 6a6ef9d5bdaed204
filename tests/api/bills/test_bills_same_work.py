"""What a bad token costs us, by counting what is done rather than by the clock.

A stranger who tries out keys must learn nothing from what we do about them, and whatever a malformed token says, nothing of
the business is asked for it.
"""

from __future__ import annotations

import hmac
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import pytest
from msgspec import Struct

from core.platform.sqlite import SqliteUnitOfWork
from core.services import Services
from tests.api.bills.partner import (
    BALANCE,
    CHECK,
    PAYMENT,
    PRODUCTS,
    SETTLEMENTS,
    STATUS,
    TRANSACTIONS,
    Partner,
    segment,
    token_of,
)

GOOD = {"partnerId": "demo-partner", "accountNumber": "9000000300", "productCode": "SBX-INET"}
HEAD, BODY, SIGNATURE = token_of(GOOD, "demo-partner-secret").split(".")
#: What somebody without the secret can show.
BAD = {
    "empty": "",
    "another secret": token_of(GOOD, "guess"),
    "cut off": f"{HEAD}.{BODY}.{SIGNATURE[:-4]}",
    "alg none": f"{segment(b'{}')}.{BODY}.",
    "two segments": f"{HEAD}.{BODY}",
    "four segments": f"{HEAD}.{BODY}.{SIGNATURE}.{SIGNATURE}",
    "not base64": f"{HEAD}.{BODY}.!!!!",
    "nested": token_of("[" * 3000, "guess"),
    "too long": token_of(GOOD | {"x": "y" * 8000}, "guess"),
}
#: Where keys and wrong signatures are kept: all that may be looked at before a token has proved itself.
DOOR = {"partner_keys", "partners", "attempt_counters"}


@pytest.fixture
def database_url(demo_sqlite_url: str) -> str:
    """The statements are the same on every database, and here they can be seen."""
    return demo_sqlite_url


class Work(Struct):
    """What was done: statements without their values, and how often something was signed."""

    statements: list[str]
    signatures: int = 0

    @property
    def tables(self) -> set[str]:
        named = re.compile(r"(?:FROM|JOIN|INTO|UPDATE)\s+(\w+)")
        return {table for statement in self.statements for table in named.findall(statement)}


@contextmanager
def watched(services: Services) -> Iterator[Work]:
    """Count what this thread does: on SQLite that is everything a request makes us do."""
    uow = services.uow
    assert isinstance(uow, SqliteUnitOfWork)
    work = Work([])

    def note(statement: str) -> None:
        work.statements.append(re.sub(r"'[^']*'|\b\d+\b", "?", statement))

    def look(frame: FrameType, event: str, _arg: object) -> None:
        work.signatures += event == "call" and frame.f_code is hmac.new.__code__

    drivers = [each.driver for each in (uow._reader, uow._writer) if each]
    assert len(drivers) == 2, "both connections are opened by an earlier request"
    before = sys.getprofile()
    for driver in drivers:
        driver.set_trace_callback(note)
    sys.setprofile(look)
    try:
        yield work
    finally:
        sys.setprofile(before)
        for driver in drivers:
            driver.set_trace_callback(None)


async def tried(partner: Partner, services: Services, key: str, token: str) -> tuple[str, Work]:
    with watched(services) as work:
        said = await partner.send("POST", CHECK, token, headers={"KEY": key})
    assert said.status == 401
    return said.text, work


@pytest.mark.parametrize("name", BAD)
async def test_a_known_key_is_as_much_work_as_an_unknown_one(
    demo_partner: Partner, services: Services, name: str
) -> None:
    for key in ("demo-partner", "nobody", "demo-partner", "nobody"):  # secrets are opened, connections too
        await demo_partner.send("POST", CHECK, BAD["another secret"], headers={"KEY": key})
    known, of_known = await tried(demo_partner, services, "demo-partner", BAD[name])
    unknown, of_unknown = await tried(demo_partner, services, "nobody", BAD[name])
    assert known == unknown
    assert of_known.statements, "the key was looked for"
    assert of_known.statements == of_unknown.statements
    assert of_known.signatures == of_unknown.signatures


async def test_a_wrong_signature_is_worked_out_and_counted_for_either(
    demo_partner: Partner, services: Services
) -> None:
    await demo_partner.send("POST", CHECK, BAD["another secret"])
    for key in ("demo-partner", "nobody"):
        _, plain = await tried(demo_partner, services, key, BAD["two segments"])
        _, signed = await tried(demo_partner, services, key, BAD["another secret"])
        assert signed.signatures > plain.signatures, key
        assert len(signed.statements) > len(plain.statements), key


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", CHECK),
        ("POST", PAYMENT),
        ("POST", STATUS),
        ("POST", BALANCE),
        ("POST", PRODUCTS),
        ("GET", TRANSACTIONS),
        ("GET", SETTLEMENTS),
        ("POST", "/api/v2/partner/statements"),
    ],
)
async def test_a_malformed_token_never_reaches_the_business(
    demo_partner: Partner, services: Services, method: str, path: str
) -> None:
    await demo_partner.send("POST", CHECK, BAD["another secret"])
    with watched(services) as work:
        for token in BAD.values():
            said = await demo_partner.send(method, path, token)
            assert said.status == 401, said
    assert work.tables <= DOOR, work.tables
    with watched(services) as work:
        await demo_partner.check("9000000300", "SBX-INET")
    assert not work.tables <= DOOR, "a good one does"
