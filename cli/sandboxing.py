"""Mounts the stand-ins for the outside world: the web parts on the same port, a router on a free one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from quart import Quart
from sqlalchemy import select

from core.customers.tables import customers
from core.identity.tables import logins
from core.network.tables import routers
from core.services import Services
from sandbox import telegram, whatsapp
from sandbox.routeros import Simulator, demo_router
from sandbox.whatsapp import Contact, Gateway

_MOST_CONTACTS = 50
_SIMULATED_ROUTER = "RT-01"


async def mount(app: Quart, services: Services) -> Callable[[], Awaitable[None]]:
    """Start the stand-ins; what is returned ends them.

    The WhatsApp gateway stands under `/sandbox` and Telegram under `/sandbox/telegram`, each with a phone for every demo
    customer; the demo's first router is a simulator.
    """
    settings, contacts = services.settings, await _contacts(services)
    gateway = Gateway(
        secret=settings.wa_gateway_secret,
        webhook_url=f"http://127.0.0.1:{settings.port}/webhooks/whatsapp/wire/{settings.wa_webhook_secret}",
        contacts=contacts,
        clock=services.clock.now,
    )
    app.register_blueprint(whatsapp.create_blueprint(gateway))
    telegram_api = telegram.BotApi(
        token=settings.telegram_token,
        clock=services.clock.now,
        people=[telegram.Person(contact.phone, contact.name, contact.note) for contact in contacts],
    )
    app.register_blueprint(telegram.create_blueprint(telegram_api))
    router = Simulator(replace(demo_router(), has_modems=True))
    await router.start()
    await _point_at(services, router.port)

    async def end() -> None:
        await gateway.close()
        await telegram_api.close()
        await router.stop()

    return end


async def _point_at(services: Services, port: int) -> None:
    """Tell the database where the simulator listens this time: a free port, so that copies run side by side."""
    async with services.uow.write() as tx:
        await tx.execute(routers.update().where(routers.c.alias == _SIMULATED_ROUTER).values(port=port))


async def _contacts(services: Services) -> list[Contact]:
    """A phone for each number in the database, named after who it belongs to."""
    people = (
        select(customers.c.phone, customers.c.name, customers.c.service_number)
        .where(customers.c.phone.is_not(None))
        .order_by(customers.c.id)
        .limit(_MOST_CONTACTS)
    )
    staff = select(logins.c.phone, logins.c.name).where(logins.c.phone.is_not(None)).limit(_MOST_CONTACTS)
    async with services.uow.read() as tx:
        rows = await tx.all(people)
        staff_rows = await tx.all(staff)
    by_phone: dict[str, Contact] = {}
    for row in rows:
        note = row.service_number or "belum berlangganan"
        known = by_phone.get(row.phone)
        by_phone[row.phone] = (
            Contact(row.phone, known.name, f"{known.note}, {note}")
            if known
            else Contact(row.phone, row.name, note)
        )
    return [*by_phone.values(), *(Contact(row.phone, row.name, "petugas") for row in staff_rows)]
