"""Every controller of the dialect, by its first segment."""

from __future__ import annotations

from api.nuxbill.controllers import (
    accounts,
    coupons,
    customers,
    customfield,
    extensions,
    forgot,
    logs,
    mail,
    pages,
    register,
    sessions,
    widgets,
)

CONTROLLERS = {
    each.name: each
    for each in (
        *sessions.CONTROLLERS,
        *extensions.CONTROLLERS,
        accounts.accounts,
        coupons.coupons,
        customers.customers,
        customfield.customfield,
        forgot.forgot,
        logs.logs,
        mail.mail,
        pages.page,
        pages.pages,
        register.register,
        widgets.widgets,
    )
}
