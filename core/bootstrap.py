"""The composition root of core: settings in, services out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from core.adapters.routeros import RouterOsGateway
from core.audit.activity import Activity
from core.billing.usecases import Billing
from core.broadcasts.usecases import Broadcasts
from core.catalog.usecases import Catalog
from core.coupons.usecases import Coupons
from core.customers.usecases import Customers
from core.directory.own import OwnAccounts
from core.directory.totals import Totals
from core.directory.usecases import Directory
from core.handover.usecases import Handovers
from core.identity.access import Access
from core.identity.contacts import Contacts
from core.identity.customer_accounts import CustomerAccounts
from core.identity.passwords import Passwords
from core.identity.staff import Staff
from core.identity.staff_accounts import StaffAccounts
from core.identity.usecases import Identity
from core.messaging.attachments import FileLinks, Renderers
from core.messaging.consent import Consents
from core.messaging.editing import Templates
from core.monitoring.usecases import Monitoring
from core.network.usecases import Network
from core.network.watching import Watching
from core.office.journal import Journal
from core.office.usecases import Office
from core.orders.usecases import Orders
from core.papers.usecases import Papers
from core.partners.usecases import Partners
from core.platform.clock import Clock, SystemClock
from core.platform.limits import Throttle
from core.platform.secrets import Keyring
from core.platform.uow import open_uow
from core.portal.usecases import Portal
from core.preferences.usecases import PreferenceBook
from core.prepaid.usecases import Prepaid
from core.privacy.usecases import Privacy
from core.proofs.usecases import Proofs
from core.services import Services
from core.settings import Settings
from core.subscriptions.usecases import Subscriptions
from core.tickets.usecases import Tickets


class Bell:
    """Rung after a commit that queued something; whoever drains the queue in this process hangs on it."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[], None]] = []

    def ring(self) -> None:
        for listener in self._listeners:
            listener()

    def wake(self, listener: Callable[[], None]) -> None:
        """Call `listener` from now on whenever something was queued."""
        self._listeners.append(listener)


@asynccontextmanager
async def bootstrap(
    settings: Settings, *, clock: Clock | None = None, bell: Bell | None = None
) -> AsyncIterator[Services]:
    """Services on the configured database; connections and threads are closed on leaving."""
    clock = clock or SystemClock()
    nudge = (bell or Bell()).ring
    uow = open_uow(settings.database_url, clock, nudge=nudge, synchronous=settings.sqlite_synchronous)
    throttle = Throttle(enabled=settings.throttle == "on", redis_url=settings.redis_url)
    keyring, passwords = Keyring(settings.masters), Passwords()
    papers, proofs = Papers(uow, settings), Proofs(uow, settings)
    monitoring = Monitoring(uow, settings)
    # Only the sandbox's routers live on this machine; elsewhere a router's address must not lead back into it.
    routers = RouterOsGateway(uow, keyring, clock, allow_loopback=settings.sandbox)
    privacy, totals = Privacy(uow, settings, keyring), Totals()
    try:
        yield Services(
            identity=Identity(uow, settings, keyring, passwords),
            staff_accounts=StaffAccounts(uow, keyring, passwords),
            customer_accounts=CustomerAccounts(uow, keyring, passwords),
            directory=Directory(uow, keyring, passwords, totals),
            own_accounts=OwnAccounts(uow, settings, keyring, passwords, totals),
            preferences=PreferenceBook(uow),
            coupons=Coupons(uow),
            portal=Portal(uow),
            activity=Activity(uow),
            journal=Journal(uow),
            staff=Staff(uow, settings, keyring),
            access=Access(uow, settings, keyring),
            contacts=Contacts(uow, settings, keyring),
            customers=Customers(uow, settings, keyring),
            consents=Consents(uow),
            templates=Templates(uow, settings),
            subscriptions=Subscriptions(uow, settings, keyring),
            orders=Orders(uow, settings, keyring),
            privacy=privacy,
            catalog=Catalog(uow),
            broadcasts=Broadcasts(uow, settings),
            billing=Billing(uow, settings),
            prepaid=Prepaid(uow, settings, keyring, passwords),
            tickets=Tickets(uow, settings),
            proofs=proofs,
            office=Office(uow, settings),
            handovers=Handovers(uow, settings),
            network=Network(uow, routers),
            monitoring=monitoring,
            watching=Watching(uow),
            partners=Partners(uow, settings, keyring),
            papers=papers,
            renderers=Renderers(
                {**papers.renderers(), **proofs.renderers(), **privacy.renderers(), **monitoring.renderers()}
            ),
            file_links=FileLinks(keyring, settings.link_url),
            lines=routers,
            scanner=routers,
            throttle=throttle,
            clock=clock,
            uow=uow,
            settings=settings,
        )
    finally:
        passwords.close()
        papers.close()
        monitoring.close()
        await routers.aclose()
        await throttle.aclose()
        await uow.aclose()
