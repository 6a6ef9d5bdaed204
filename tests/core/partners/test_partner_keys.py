"""Making partners and rotating their keys, as an operator does."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from cli import partner as commands
from core.migrations.moves import upgrade
from core.partners.access import Shown
from core.partners.tables import partner_keys
from core.partners.types import Environment, Scope
from core.partners.usecases import Partners
from core.platform.clock import ManualClock
from core.platform.errors import Conflict, Invalid, NotFound, Unauthenticated
from core.platform.secrets import Keyring
from core.platform.uow import UnitOfWork
from core.settings import Settings


@pytest.fixture
def provider(uow: UnitOfWork, settings: Settings, keyring: Keyring) -> Partners:
    return Partners(uow, settings, keyring)


def shown(key: str, ip: str = "203.0.113.7") -> Shown:
    return Shown(key, "", ip)


async def test_a_production_key_is_strict_from_the_start(provider: Partners, uow: UnitOfWork) -> None:
    with pytest.raises(Invalid, match="pay_needs_networks"):
        await provider.create("acme", name="Acme", environment=Environment.PRODUCTION, networks=[])
    made = await provider.create(
        "acme", name="Acme", environment=Environment.PRODUCTION, networks=["203.0.113.0/24"]
    )
    assert len(made.secret) >= 43
    assert made.secret != made.callback_secret
    key = await provider.gate.key_of(shown("acme"), Scope.PAYMENT)
    assert key.requires_fresh
    with pytest.raises(Unauthenticated):
        await provider.gate.key_of(shown("acme", "198.51.100.1"), Scope.PAYMENT)
    async with uow.read() as tx:
        row = await tx.first(select(partner_keys))
    assert row is not None
    assert made.secret not in repr(row)


async def test_a_partner_is_made_once(provider: Partners) -> None:
    await provider.create("acme", name="Acme", environment=Environment.SANDBOX, networks=[])
    with pytest.raises(Conflict, match="partner_taken"):
        await provider.create("acme", name="Other", environment=Environment.SANDBOX, networks=[])


async def test_two_keys_live_while_a_rotation_lasts(provider: Partners, clock: ManualClock) -> None:
    await provider.create("acme", name="Acme", environment=Environment.PRODUCTION, networks=["203.0.113.7"])
    successor = await provider.rotate("acme")
    former = await provider.gate.key_of(shown("acme"), Scope.STATUS)
    latter = await provider.gate.key_of(shown(successor.key), Scope.STATUS)
    assert former.partner_id == latter.partner_id
    assert latter.requires_fresh
    clock.move(timedelta(days=7))
    with pytest.raises(Unauthenticated):
        await provider.gate.key_of(shown("acme"), Scope.STATUS)
    assert await provider.gate.key_of(shown(successor.key), Scope.STATUS)
    with pytest.raises(NotFound):
        await provider.rotate("nobody")


async def test_a_top_up_is_booked_once(provider: Partners) -> None:
    await provider.create("acme", name="Acme", environment=Environment.SANDBOX, networks=[])
    assert await provider.top_up("acme", 1000, reference="t-1") == 1000
    with pytest.raises(Conflict, match="reference_reused"):
        await provider.top_up("acme", 1000, reference="t-1")
    assert await provider.top_up("acme", 500, reference="t-2") == 1500
    with pytest.raises(NotFound):
        await provider.top_up("nobody", 1, reference="t")
    assert (await provider.report("acme", date(2026, 11, 22))).totals.count == 0


async def test_the_commands_tell_what_an_operator_needs(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    await upgrade(settings.database_url)
    await commands.create(settings, "acme", "Acme", callback_url="https://acme.example/hook")
    told = capsys.readouterr().out
    assert "KEY:             acme\n" in told
    assert "callback secret: " in told
    await commands.rotate(settings, "acme")
    assert "acme works for seven more days." in capsys.readouterr().out
    await commands.top_up(settings, "acme", 5000, "t-1")
    assert capsys.readouterr().out == "acme has Rp5.000 in its deposit.\n"
    await commands.report(settings, "acme", "2026-11-22")
    assert capsys.readouterr().out == "0 payments, 0 succeeded: Rp0, of it Rp0 admin.\n"


async def test_a_command_explains_why_it_refuses(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    for refused in (
        commands.create(settings, "a", "A", environment="production"),
        commands.create(settings, "a", "A", environment="moon"),
        commands.create(settings, "a", "A", addresses=["here"]),
        commands.rotate(settings, "nobody"),
        commands.top_up(settings, "nobody", 5, "t"),
        commands.top_up(settings, "nobody", -5, "t"),
        commands.report(settings, "nobody", "2026-11-22"),
        commands.report(settings, "nobody", "today"),
    ):
        with pytest.raises(SystemExit):
            await refused
        assert capsys.readouterr().out.strip()
