"""The use cases bound to their dependencies, as flows, views and commands see them."""

from __future__ import annotations

from dataclasses import dataclass

from core.audit.activity import Activity
from core.billing.usecases import Billing
from core.broadcasts.usecases import Broadcasts
from core.catalog.usecases import Catalog
from core.coupons.usecases import Coupons
from core.customers.usecases import Customers
from core.directory.own import OwnAccounts
from core.directory.usecases import Directory
from core.handover.usecases import Handovers
from core.identity.access import Access
from core.identity.contacts import Contacts
from core.identity.customer_accounts import CustomerAccounts
from core.identity.staff import Staff
from core.identity.staff_accounts import StaffAccounts
from core.identity.usecases import Identity
from core.messaging.attachments import FileLinks, Renderers
from core.messaging.consent import Consents
from core.messaging.editing import Templates
from core.monitoring.ports import RouterScanner
from core.monitoring.usecases import Monitoring
from core.network.ports import LineSwitch
from core.network.usecases import Network
from core.network.watching import Watching
from core.office.journal import Journal
from core.office.usecases import Office
from core.orders.usecases import Orders
from core.papers.usecases import Papers
from core.partners.usecases import Partners
from core.platform.clock import Clock
from core.platform.limits import Throttle
from core.platform.uow import UnitOfWork
from core.portal.usecases import Portal
from core.preferences.usecases import PreferenceBook
from core.prepaid.usecases import Prepaid
from core.privacy.usecases import Privacy
from core.proofs.usecases import Proofs
from core.settings import Settings
from core.subscriptions.usecases import Subscriptions
from core.tickets.usecases import Tickets


@dataclass(frozen=True, slots=True)
class Services:
    """One field per slice; beside them what every face needs."""

    identity: Identity
    staff_accounts: StaffAccounts
    customer_accounts: CustomerAccounts
    directory: Directory
    own_accounts: OwnAccounts
    preferences: PreferenceBook
    coupons: Coupons
    portal: Portal
    activity: Activity
    journal: Journal
    staff: Staff
    access: Access
    contacts: Contacts
    customers: Customers
    consents: Consents
    templates: Templates
    subscriptions: Subscriptions
    orders: Orders
    privacy: Privacy
    catalog: Catalog
    billing: Billing
    prepaid: Prepaid
    broadcasts: Broadcasts
    tickets: Tickets
    handovers: Handovers
    office: Office
    proofs: Proofs
    network: Network
    monitoring: Monitoring
    watching: Watching
    partners: Partners
    papers: Papers
    renderers: Renderers
    file_links: FileLinks
    lines: LineSwitch
    scanner: RouterScanner
    throttle: Throttle
    clock: Clock
    uow: UnitOfWork
    settings: Settings
