"""Who of the staff may call what, written down from the contract alone (phpnuxbill-1 §3 with §7 and §11, part 2 sections E).

Each line: routes (`*` for the rest of a controller; the first line that fits counts), and who: S SuperAdmin, A Admin,
R Report, G Agent, L Sales.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

from core.identity.types import Role

_LETTERS = {"S": Role.SUPERADMIN, "A": Role.ADMIN, "R": Role.REPORT, "G": Role.AGENT, "L": Role.SALES}

_MATRIX = """
autoload*                                                                      SARGL
community/rollback                                                             SA
community*                                                                     SARGL
coupons*                                                                       SAL
customers/list customers/view customers/viewu                                  SARGL
customers/sync                                                                 SAGL
customers/add customers/recharge customers/add-post                            SAGL
customers/edit customers/delete customers/deactivate customers/login           SA
customers/csv customers/csv-prepaid customers/edit-post                        SA
customfield*                                                                   SA
dashboard*                                                                     SARGL
export* invoices*                                                              SARGL
reports*                                                                       SARGL
pluginmanager/install pluginmanager/delete                                     S
logs* pages* pluginmanager* widgets*                                           SA
maps*                                                                          SARGL
search_user                                                                    SARGL
bandwidth* pool* radius* routers* services*                                    SA
message*                                                                       SAGL
paymentgateway*                                                                SA
plan/sync plan/delete plan/edit-post plan/remove-voucher                       SA
plan/voucher-delete plan/voucher-delete-many                                   SA
plan/recharge plan/recharge-confirm plan/recharge-post                         SAGL
plan/refill plan/refill-post plan/deposit plan/deposit-post                    SAGL
plan/add-voucher plan/voucher-post                                             SAGL
plan/edit                                                                      SAG
plan/extend                                                                    SAG
plan plan/list plan/view plan/print plan/voucher                               SARGL
plan/voucher-view plan/print-voucher                                           SARGL
settings/dbbackup settings/dbrestore                                           S
settings/users-delete                                                          SA
settings/users-view                                                            SARGL
settings/users*                                                                SAG
settings/docs settings/devices                                                 SARGL
settings/change-password settings/change-password-post                         SARGL
settings*                                                                      SA
"""

_LINES = [line.rsplit(maxsplit=1) for line in _MATRIX.strip().splitlines()]


def roles_of(controller: str, action: str) -> frozenset[Role] | None:
    """Who may call an action; None when the contract says nothing of it."""
    route = f"{controller}/{action}" if action and not action.startswith("<") else controller
    for routes, letters in _LINES:
        if any(fnmatchcase(route, each) for each in routes.split()):
            return frozenset(_LETTERS[letter] for letter in letters)
    return None
