"""Making partners and rotating their keys, as an operator does."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from cli import desk
from cli import partner as commands
from cli.partner import Asked
from core.audit.tables import audit_log
from core.migrations.moves import upgrade
from core.partners.access import Shown
from core.partners.accounts import Rights
from core.partners.tables import partner_keys, partners
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
        await provider.accounts.create(
            "acme",
            name="Acme",
            rights=Rights(environment=Environment.PRODUCTION, networks=()),
            actor="staff:1",
        )
    made = await provider.accounts.create(
        "acme",
        name="Acme",
        rights=Rights(environment=Environment.PRODUCTION, networks=("203.0.113.0/24",)),
        actor="staff:1",
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
    await provider.accounts.create(
        "acme", name="Acme", rights=Rights(environment=Environment.SANDBOX, networks=()), actor="staff:1"
    )
    with pytest.raises(Conflict, match="partner_taken"):
        await provider.accounts.create(
            "acme", name="Other", rights=Rights(environment=Environment.SANDBOX, networks=()), actor="staff:1"
        )


async def test_two_keys_live_while_a_rotation_lasts(provider: Partners, clock: ManualClock) -> None:
    await provider.accounts.create(
        "acme",
        name="Acme",
        rights=Rights(environment=Environment.PRODUCTION, networks=("203.0.113.7",)),
        actor="staff:1",
    )
    successor = await provider.accounts.rotate("acme", actor="staff:1")
    former = await provider.gate.key_of(shown("acme"), Scope.STATUS)
    latter = await provider.gate.key_of(shown(successor.key), Scope.STATUS)
    assert former.partner_id == latter.partner_id
    assert latter.requires_fresh
    clock.move(timedelta(days=7))
    with pytest.raises(Unauthenticated):
        await provider.gate.key_of(shown("acme"), Scope.STATUS)
    assert await provider.gate.key_of(shown(successor.key), Scope.STATUS)
    with pytest.raises(NotFound):
        await provider.accounts.rotate("nobody", actor="staff:1")


async def test_a_top_up_is_booked_once(provider: Partners) -> None:
    await provider.accounts.create(
        "acme", name="Acme", rights=Rights(environment=Environment.SANDBOX, networks=()), actor="staff:1"
    )
    assert await provider.accounts.top_up("acme", 1000, reference="t-1", actor="staff:1") == 1000
    with pytest.raises(Conflict, match="reference_reused"):
        await provider.accounts.top_up("acme", 1000, reference="t-1", actor="staff:1")
    assert await provider.accounts.top_up("acme", 500, reference="t-2", actor="staff:1") == 1500
    with pytest.raises(NotFound):
        await provider.accounts.top_up("nobody", 1, reference="t", actor="staff:1")
    assert (await provider.report("acme", date(2026, 11, 22))).totals.count == 0


async def test_the_commands_tell_what_an_operator_needs(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    await upgrade(settings.database_url)
    await commands.create(settings, "acme", "Acme", Asked(), callback_url="https://acme.example/hook")
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
        commands.create(settings, "a", "A", Asked(environment="production")),
        commands.create(settings, "a", "A", Asked(environment="moon")),
        commands.create(settings, "a", "A", Asked(addresses=["here"])),
        commands.rotate(settings, "nobody"),
        commands.top_up(settings, "nobody", 5, "t"),
        commands.top_up(settings, "nobody", -5, "t"),
        commands.report(settings, "nobody", "2026-11-22"),
        commands.report(settings, "nobody", "today"),
    ):
        with pytest.raises(SystemExit):
            await refused
        assert capsys.readouterr().out.strip()


async def test_a_successor_has_every_right_of_the_former_key_and_no_more(
    provider: Partners, uow: UnitOfWork
) -> None:
    rights = Rights(
        environment=Environment.PRODUCTION,
        networks=("203.0.113.0/24",),
        scopes=frozenset({Scope.STATUS}),
        products=("LOKET-INET",),
        is_signed=True,
    )
    await provider.accounts.create("acme", name="Acme", rights=rights, actor="staff:1")
    async with uow.write() as tx:
        await tx.execute(update(partner_keys).values(limits={"status": "1/second"}))
    made = await provider.accounts.rotate("acme", actor="staff:1")
    former = await provider.gate.key_of(shown("acme"), Scope.STATUS)
    latter = await provider.gate.key_of(shown(made.key), Scope.STATUS)
    assert (latter.requires_signature, latter.requires_fresh, latter.rate) == (True, True, "1/second")
    assert latter.products == former.products == frozenset({"LOKET-INET"})
    for key in ("acme", made.key):
        with pytest.raises(Unauthenticated):
            await provider.gate.key_of(shown(key), Scope.PAYMENT)
    await provider.accounts.rotate("acme", actor="staff:1")
    assert [each.is_active for each in await provider.accounts.keys_of("acme")] == [True] * 3


async def test_a_key_is_added_and_shut(provider: Partners) -> None:
    sandbox = Rights(environment=Environment.SANDBOX, scopes=frozenset({Scope.REPORT}))
    await provider.accounts.create("acme", name="Acme", rights=sandbox, actor="staff:1")
    made = await provider.accounts.add_key("acme", sandbox, actor="staff:1")
    assert await provider.gate.key_of(shown(made.key), Scope.REPORT)
    await provider.accounts.revoke(made.key, actor="staff:1")
    with pytest.raises(Unauthenticated):
        await provider.gate.key_of(shown(made.key), Scope.REPORT)
    for refused in (
        provider.accounts.revoke(made.key, actor="staff:1"),
        provider.accounts.add_key("nobody", sandbox, actor="staff:1"),
        provider.accounts.rotate_callbacks("nobody", actor="staff:1"),
        provider.desk.cut_off("acme", "NOTHING", None, None),
    ):
        with pytest.raises(NotFound):
            await refused
    with pytest.raises(Invalid, match="amount"):
        await provider.accounts.top_up("acme", 0, reference="t", actor="staff:1")
    with pytest.raises(Invalid, match="reference"):
        await provider.accounts.top_up("acme", 5, reference="t" * 37, actor="staff:1")


async def test_callback_secrets_overlap_until_the_partner_has_changed_over(
    provider: Partners, uow: UnitOfWork, keyring: Keyring
) -> None:
    sandbox = Rights(environment=Environment.SANDBOX)
    first = await provider.accounts.create("acme", name="Acme", rights=sandbox, actor="staff:1")
    second = await provider.accounts.rotate_callbacks("acme", actor="staff:1")
    assert (second.key, second.secret) == ("", "")

    async def sealed() -> tuple[str | None, str | None]:
        async with uow.read() as tx:
            row = await tx.first(select(partners))
        assert row is not None
        before = row.callback_secret_before_sealed
        return keyring.unseal(row.callback_secret_sealed), before and keyring.unseal(before)

    assert await sealed() == (second.callback_secret, first.callback_secret)
    await provider.accounts.end_overlap("acme", actor="staff:1")
    assert await sealed() == (second.callback_secret, None)


async def test_what_operators_do_is_recorded_without_secrets(provider: Partners, uow: UnitOfWork) -> None:
    sandbox = Rights(environment=Environment.SANDBOX)
    made = await provider.accounts.create("acme", name="Acme", rights=sandbox, actor="staff:1")
    await provider.accounts.top_up("acme", 500, reference="t-1", actor="staff:2")
    rotated = await provider.accounts.rotate("acme", actor="staff:1")
    async with uow.read() as tx:
        rows = await tx.all(select(audit_log).order_by(audit_log.c.id))
    assert [(row.actor, row.action, row.subject) for row in rows] == [
        ("staff:1", "partner_key_created", "partner:1"),
        ("staff:1", "partner_created", "partner:1"),
        ("staff:2", "deposit_topped_up", "partner:1"),
        ("staff:1", "partner_key_created", "partner:1"),
        ("staff:1", "partner_key_rotated", "partner:1"),
    ]
    for secret in (made.secret, made.callback_secret, rotated.secret):
        assert secret not in repr(rows)


async def test_the_desks_commands_tell_what_they_did(
    settings: Settings, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    await upgrade(settings.database_url)
    await commands.create(settings, "acme", "Acme", Asked(scopes=["inquiry", "report"]), credit_limit=5)
    await commands.add_key(settings, "acme", Asked(is_signed=True))
    await commands.rotate_callbacks(settings, "acme", end_overlap=False)
    await commands.rotate_callbacks(settings, "acme", end_overlap=True)
    capsys.readouterr()
    await commands.show_keys(settings, "acme")
    first, second = capsys.readouterr().out.splitlines()
    assert "inquiry, report  from anywhere  used never" in first
    await commands.revoke(settings, second.split()[0])
    await desk.show(settings)
    await desk.at_once(settings, "acme", wanted=True)
    await desk.cut_off(settings, "acme", "SBX-INET", "23:30", "00:30")
    await desk.cut_off(settings, "acme", "SBX-INET", None, None)
    await desk.announce(settings, "2026-11-22T23:00", "2026-11-23T01:00", "work", None)
    await desk.batches(settings, "acme", "2026-11-01", "2026-11-30")
    statement = tmp_path / "statement.csv"
    statement.write_text("refNumber,amount\nX,5\n")
    assert not await desk.reconcile(settings, "acme", "2026-11-22", statement, as_csv=False)
    told = capsys.readouterr().out
    for text in (
        " is shut.",
        "Acme",
        "RC 0 at once",
        "23:30 to 00:30",
        "around the clock",
        "All partners",
        "theirs only",
    ):
        assert text in told
    statement.write_text("refNumber,amount\n")
    assert await desk.reconcile(settings, "acme", "2026-11-22", statement, as_csv=True)
    assert capsys.readouterr().out.startswith("kind,refNumber")
    for refused in (
        desk.fail(settings, "acme", "X"),
        desk.settle(settings, "acme", "X"),
        desk.resend(settings, "acme", "X"),
        desk.reverse(settings, "nobody", "X", "why"),
        desk.paid(settings, "acme", "2026-11-22", "T"),
        desk.paid(settings, "acme", "yesterday", "T"),
        desk.block(settings, "0", "why", dispute=True),
        desk.unblock(settings, "0"),
        desk.announce(settings, "later", "2026-11-23T01:00", "", None),
        desk.announce(settings, "2026-11-23T01:00", "2026-11-23T01:00", "", None),
        desk.cut_off(settings, "acme", "SBX-INET", "late", "0"),
    ):
        with pytest.raises(SystemExit):
            await refused
        assert capsys.readouterr().out.strip()
