"""Files behind a signed, temporary address."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta

import pytest

from api.app import create_app
from core.messaging.attachments import LINK_LIFETIME, File, FileLinks, Renderers
from core.messaging.ports import Attachment
from core.platform.clock import ManualClock
from core.platform.errors import NotFound
from core.platform.secrets import Keyring
from core.services import Services
from core.settings import Settings
from tests.api.support import SECRET, Caller, client_of

BILL = Attachment("document", "tagihan-17.pdf", "toy", {"invoice": 17})
GONE = Attachment("document", "tagihan-18.pdf", "toy", {"invoice": 18})


async def _render(args: Mapping[str, int | str]) -> File:
    if args["invoice"] != 17:
        raise NotFound("attachment")
    return File(b"%PDF halo", "application/pdf")


@pytest.fixture
def lender(services: Services) -> Services:
    links = FileLinks(Keyring([SECRET]), "http://loket.test")
    return dataclasses.replace(services, file_links=links, renderers=Renderers({"toy": _render}))


@pytest.fixture
async def gateway(lender: Services, settings: Settings) -> AsyncIterator[Caller]:
    async with client_of(create_app(lender, settings)) as client:
        yield Caller(client)


def link(lender: Services, attachment: Attachment, clock: ManualClock) -> str:
    found = lender.file_links.to(attachment, clock.now())
    assert found is not None
    return found


async def test_a_file_is_lent_to_whoever_has_its_address(
    lender: Services, gateway: Caller, clock: ManualClock
) -> None:
    answer = await gateway.get(link(lender, BILL, clock))
    assert (answer.status, answer.text) == (200, "%PDF halo")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == 'inline; filename="tagihan-17.pdf"'
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert (await gateway.ask("HEAD", link(lender, BILL, clock))).status == 200


async def test_an_address_ends(lender: Services, gateway: Caller, clock: ManualClock) -> None:
    lent = link(lender, BILL, clock)
    clock.move(LINK_LIFETIME + timedelta(seconds=1))
    answer = await gateway.ask("GET", lent, headers={"Accept-Language": "en"})
    assert (answer.status, answer.text) == (
        404,
        "This file is no longer available. Please ask for it again in the chat.",
    )


async def test_what_was_not_lent_is_not_found(lender: Services, gateway: Caller, clock: ManualClock) -> None:
    lent = link(lender, BILL, clock)
    for path in (lent[:-1], lent.replace("17.pdf", "18.pdf"), link(lender, GONE, clock), "/f/x/y.pdf"):
        answer = await gateway.get(path)
        assert (answer.status, answer.text.startswith("Berkas ini")) == (404, True)


@pytest.mark.parametrize("environment", [{"LOKET_THROTTLE": "on"}])
async def test_guessing_is_slowed_down_and_fetching_is_not(
    lender: Services, gateway: Caller, clock: ManualClock
) -> None:
    guesses = [(await gateway.get(f"/f/guess{number}/y.pdf")).status for number in range(31)]
    assert guesses == [404] * 30 + [429]
    assert (await gateway.get(link(lender, BILL, clock))).status == 200
