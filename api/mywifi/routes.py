"""Everything the MyWifi dialect serves, in the order of the contract."""

from __future__ import annotations

from api.mywifi import auth, billing, catalog, customer, help, history, invoice, line, papers, recovery  # noqa: A004 - the contract's own word

BLUEPRINTS = (
    auth.blueprint,
    recovery.blueprint,
    catalog.blueprint,
    customer.blueprint,
    line.blueprint,
    history.blueprint,
    help.blueprint,
    invoice.blueprint,
    papers.blueprint,
    billing.blueprint,
)
