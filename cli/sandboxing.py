"""Mounts the stand-ins for the outside world: the web parts on the same port, a router on a free one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from quart import Quart
from sqlalchemy import select

from core.customers.tables import customers
from core.identity.tables import logins
from core.network.tables import routers
from core.services import Services
from core.settings import Settings
from core.testing.demo.neighbours import load_neighbours
from sandbox import telegram, whatsapp
from sandbox.routeros import BOX, NEIGHBOURS, Life, Simulator, demo_router, with_neighbours
from sandbox.routeros.control import create_blueprint as network_switches
from sandbox.whatsapp import Contact, Gateway
from sandbox.whatsapp.providers import (
    CloudApi,
    EvolutionServer,
    FonnteServer,
    GowaServer,
    Provider,
    WablasServer,
    WahaServer,
)

_MOST_CONTACTS = 50
_SIMULATED_ROUTER = "RT-01"
_FIRST_OF_THE_STREET = "john_pppoe"
_TICK_S = 5


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
        providers=providers(settings, f"http://127.0.0.1:{settings.port}/sandbox"),
        hooks_url=f"http://127.0.0.1:{settings.port}/webhooks/whatsapp",
        spoken=settings.whatsapp,
    )
    app.register_blueprint(whatsapp.create_blueprint(gateway))
    telegram_api = telegram.BotApi(
        token=settings.telegram_token,
        clock=services.clock.now,
        people=[telegram.Person(contact.phone, contact.name, contact.note) for contact in contacts],
    )
    app.register_blueprint(telegram.create_blueprint(telegram_api))
    router = Simulator(with_neighbours(replace(demo_router(), has_modems=True)))
    await router.start()
    await _point_at(services, router.port)
    if settings.demo:
        await load_neighbours(services.uow, BOX, NEIGHBOURS)
    # John's own session stays as the documents' examples show it, until it is cut.
    life = Life(router.state, {BOX: (_FIRST_OF_THE_STREET, *NEIGHBOURS)}, frozenset({_FIRST_OF_THE_STREET}))
    app.register_blueprint(network_switches(life))
    ticking = asyncio.create_task(_tick(life))

    async def end() -> None:
        ticking.cancel()
        await gateway.close()
        await telegram_api.close()
        await router.stop()

    return end


async def _tick(life: Life) -> None:
    """Time passes behind the router, until the stand-ins are ended."""
    while True:
        await asyncio.sleep(_TICK_S)
        life.go_on(_TICK_S)


def providers(settings: Settings, base_url: str) -> list[Provider]:
    """The stand-ins that open webhooks of ours listen to: the chosen dialect's, and Meta's."""
    made: dict[str, Provider] = {
        "cloud": CloudApi(
            token=settings.wa_cloud_token,
            app_secret=settings.wa_cloud_app_secret,
            number_id=settings.wa_cloud_phone_number_id,
            base_url=f"{base_url}/cloud",
        ),
        "waha": WahaServer(
            key=settings.waha_key, hmac_key=settings.waha_hmac_key, session=settings.waha_session
        ),
        "evolution": EvolutionServer(
            key=settings.evolution_key,
            instance=settings.evolution_instance,
            hook_secret=settings.wa_webhook_secret,
            version=settings.evolution_version,
        ),
        "gowa": GowaServer(
            username=settings.gowa_username,
            password=settings.gowa_password,
            webhook_secret=settings.gowa_webhook_secret,
            device=settings.gowa_device,
        ),
        "fonnte": FonnteServer(token=settings.fonnte_token, hook_secret=settings.wa_webhook_secret),
        "wablas": WablasServer(
            token=settings.wablas_token,
            secret=settings.wablas_secret,
            hook_secret=settings.wa_webhook_secret,
        ),
    }
    return [made[name] for name in dict.fromkeys(("cloud", settings.whatsapp)) if name in made]


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
