"""What changes while a chat is thinking is told plainly, and nothing is half done."""

from __future__ import annotations

from datetime import date

from core.catalog.tables import plans
from core.customers.tables import customers
from core.platform.i18n import text
from core.subscriptions.tables import subscriptions
from core.tickets.tables import help_solutions
from tests.conversations.stage import DEWI, STRANGER, Stage


async def test_an_address_verified_in_the_meantime_is_not_changed(stage: Stage) -> None:
    await stage.say(DEWI, "profil", "1", "1", "Jl. Kenanga No. 7, Bandung")
    async with stage.services.uow.write() as tx:
        await tx.execute(
            customers.update().where(customers.c.id == 5).values(address_verified_on=date(2026, 11, 22))
        )
    assert await stage.say(DEWI, "ya") == text("error.verified", "id")
    assert (await stage.services.subscriptions.profile(5)).address == "Jl. Melati No. 5"


async def test_a_kind_without_remedies_cannot_be_reported_so_the_other_is_taken(stage: Stage) -> None:
    async with stage.services.uow.write() as tx:
        await tx.execute(help_solutions.update().values(help_type_id=2))
    answer = await stage.say(DEWI, "wifi mati dari pagi")
    assert "*Restart modem*" in answer
    await stage.say(DEWI, "2", "2", "2")
    assert 'Tagihan · "wifi mati dari pagi"' in await stage.say(DEWI, "hmm", "ubah", "wifi mati dari pagi")


async def test_a_plan_that_is_no_longer_sold_is_not_shown(stage: Stage) -> None:
    await stage.say(STRANGER, "paket internet", "1")
    async with stage.services.uow.write() as tx:
        await tx.execute(plans.update().where(plans.c.id == 12).values(is_active=False))
    assert text("packages.not_listed", "id") in await stage.say(STRANGER, "1")


async def test_a_region_without_plans_offers_the_others(stage: Stage) -> None:
    async with stage.services.uow.write() as tx:
        await tx.execute(plans.update().where(plans.c.region_id == 2).values(is_active=False))
    answer = await stage.say(STRANGER, "paket internet", "2")
    assert text("packages.none_here", "id", region="Region Bandung") in answer
    assert text("packages.other_region", "id") in answer


async def test_a_report_of_a_very_long_story_is_asked_for_in_short(stage: Stage) -> None:
    await stage.say(DEWI, "lapor", "1", "2", "2")
    answer = await stage.say(DEWI, "internet putus terus " * 120)
    assert text("ticket_create.too_long", "id", longest=2000) in answer
    assert await stage.place(DEWI) == "ticket_create.describe"


async def test_a_service_without_address_or_plan_is_told_without_them(stage: Stage) -> None:
    async with stage.services.uow.write() as tx:
        await tx.execute(subscriptions.delete().where(subscriptions.c.customer_id == 5))
        await tx.execute(customers.update().where(customers.c.id == 5).values(address=None, email=None))
    answer = await stage.say(DEWI, "profil")
    assert text("profile.waiting", "id") in answer
    assert "None" not in answer
