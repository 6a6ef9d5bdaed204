"""Every controller of the dialect, by its first segment."""

from __future__ import annotations

from api.nuxbill.controllers import (
    accounts,
    activation,
    autoload,
    autoload_user,
    coupons,
    customers,
    customfield,
    dashboard,
    export,
    extensions,
    forgot,
    home,
    invoices,
    logs,
    mail,
    pages,
    plan_vouchers,
    register,
    sessions,
    settings,
    widgets,
)

CONTROLLERS = {
    each.name: each
    for each in (
        *sessions.CONTROLLERS,
        *activation.CONTROLLERS,
        *extensions.CONTROLLERS,
        *autoload.CONTROLLERS,
        accounts.accounts,
        autoload_user.autoload_user,
        coupons.coupons,
        customers.customers,
        customfield.customfield,
        dashboard.dashboard,
        export.export,
        forgot.forgot,
        home.home,
        invoices.invoices,
        logs.logs,
        mail.mail,
        pages.page,
        pages.pages,
        *plan_vouchers.CONTROLLERS,
        register.register,
        settings.settings,
        widgets.widgets,
    )
}
