"""Coming in and going out: isValid, me, admin, login, logout, csrf-refresh (phpnuxbill-1 contract §2.3, §7.2, §7.8, §7.17, §7.18)."""

from __future__ import annotations

from api.nuxbill.actions import GET, POST, Controller, Likeness, Param, Who
from api.nuxbill.call import Call, CustomerCaller
from api.nuxbill.preferences import spelled
from api.nuxbill.replies import Done, LoginNeeded, Page, Refused, Reply
from api.nuxbill.rows import customer_head, staff_row
from api.nuxbill.tokens import Kind
from core.customers.accounts import AccountStatus
from core.identity.staff_accounts import StaffAccount
from core.platform.errors import Unauthenticated
from core.platform.ids import new_token

is_valid = Controller("isValid", who=Who.ANYONE)
me = Controller("me", who=Who.ANYONE)
admin = Controller("admin", who=Who.PUBLIC, fallback="")
login = Controller("login", who=Who.PUBLIC, fallback="")
logout = Controller("logout", who=Who.PUBLIC, fallback="")
csrf = Controller("csrf-refresh", who=Who.ANYONE, fallback="")

CONTROLLERS = (is_valid, me, admin, login, logout, csrf)

_ALREADY_IN = "You are already logged in"
_CREDENTIALS = (Param("username", required=True), Param("password", required=True))


@is_valid.action(
    likeness=Likeness.DIFFERENT, because="Without a token the original says `Command not found`."
)
async def show_validity(_call: Call) -> Reply:
    """Whether the token is good."""
    return Done("Token is valid")


@me.action(gives="the caller's row", likeness=Likeness.DIFFERENT, because="The original answers `{}`.")
async def show_me(call: Call) -> Reply:
    """Whose token it is."""
    match call.caller:
        case StaffAccount() as staff:
            return Done("", staff_row(staff, call.services.settings.zone))
        case CustomerCaller() as customer:
            return Done("", customer_head(customer) | {"type": "customer"})
        case _:
            raise LoginNeeded


@admin.action(methods=GET | POST, gives="turnstile_site_key, turnstile_enabled")
async def show_staff_form(call: Call) -> Reply:
    """What a login form for staff needs to know."""
    if isinstance(call.caller, StaffAccount):
        return Done(_ALREADY_IN)
    return Page("Login", "", {"turnstile_site_key": "", "turnstile_enabled": False})


@admin.action(
    "post",
    methods=POST,
    takes=_CREDENTIALS,
    gives="token, user",
    likeness=Likeness.STRICTER,
    because="One text whatever was wrong, and a pause after too many tries.",
)
async def sign_staff_in(call: Call) -> Reply:
    """Log staff in by user name or e-mail."""
    if isinstance(call.caller, StaffAccount):
        return Done(_ALREADY_IN)
    accounts = call.services.staff_accounts
    try:
        account = await accounts.sign_in(call.posted("username"), call.posted("password"), ip=call.ip)
    except Unauthenticated as error:
        raise Refused("Invalid Username or Password.") from error
    now = call.services.clock.now()
    token = call.tokens.issue(Kind.STAFF, account.id, now, valid_from=account.tokens_valid_from)
    if call.preferences.single_session:
        await accounts.remember_session(account.id, token)
    user = {
        "id": account.id,
        "username": account.username,
        "fullname": account.name,
        "user_type": account.role.label,
    }
    return Done("Login Successful", {"token": token, "user": user})


@login.action(
    methods=GET | POST, gives="registration, registration_username, companyName, turnstile_site_key"
)
async def show_customer_form(call: Call) -> Reply:
    """What a login form for customers needs to know."""
    call.refuse_when_closed()
    if isinstance(call.caller, CustomerCaller):
        return Done(_ALREADY_IN)
    known = spelled(call.preferences, call.services.settings)
    return Page(
        "Login",
        "",
        {
            "registration": call.preferences.registration,
            "registration_username": known["registration_username"],
            "companyName": known["CompanyName"],
            "turnstile_site_key": "",
        },
    )


@login.action(
    "post",
    methods=POST,
    takes=_CREDENTIALS,
    gives="token, customer",
    likeness=Likeness.DIFFERENT,
    because="The original answers a wrong password with HTTP 500 and issues a token that nothing accepts.",
)
async def sign_customer_in(call: Call) -> Reply:
    """Log a customer in."""
    call.refuse_when_closed()
    if isinstance(call.caller, CustomerCaller):
        return Done(_ALREADY_IN)
    accounts, by = call.services.customer_accounts, call.preferences.login_by
    try:
        found = await accounts.sign_in(call.posted("username"), call.posted("password"), by=by, ip=call.ip)
    except Unauthenticated as error:
        raise Refused("Invalid Username or Password") from error
    if found.status is AccountStatus.BANNED:
        raise Refused("This account status : Banned")
    now = call.services.clock.now()
    token = call.tokens.issue(Kind.CUSTOMER, found.customer_id, now, valid_from=found.tokens_valid_from)
    customer = {"id": found.customer_id, "username": found.username, "status": found.status}
    return Done("Login Successful", {"token": token, "customer": customer})


@logout.action(
    methods=GET | POST,
    likeness=Likeness.DIFFERENT,
    because="The token really is worthless afterwards, and the answer says success.",
)
async def sign_out(call: Call) -> Reply:
    """Make the caller's tokens worthless."""
    if not call.is_post:
        raise Refused("Invalid logout request.", status=405)
    match call.caller:
        case StaffAccount() as staff:
            await call.services.staff_accounts.sign_out(staff.id)
        case CustomerCaller() as customer:
            await call.services.customer_accounts.sign_out(customer.id)
        case None:
            pass
    return Done("Logout Successful")


@csrf.action(gives="csrf_token, csrf_token_logout", likeness=Likeness.DIFFERENT, because="Enveloped.")
async def refresh_csrf(_call: Call) -> Reply:
    """Two random words that nothing asks for."""
    return Done("", {"csrf_token": new_token(24), "csrf_token_logout": new_token(24)})
