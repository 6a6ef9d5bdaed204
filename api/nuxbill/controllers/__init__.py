"""Every controller of the dialect, by its first segment."""

from __future__ import annotations

from api.nuxbill.controllers import (
    coupons,
    customers,
    customfield,
    extensions,
    logs,
    mail,
    pages,
    sessions,
    widgets,
)

CONTROLLERS = {
    each.name: each
    for each in (
        *sessions.CONTROLLERS,
        *extensions.CONTROLLERS,
        coupons.coupons,
        customers.customers,
        customfield.customfield,
        logs.logs,
        mail.mail,
        pages.page,
        pages.pages,
        widgets.widgets,
    )
}
