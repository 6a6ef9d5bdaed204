"""The one address of the dialect: which action a call means, who may call it, what comes back (phpnuxbill-1 contract §1)."""

from __future__ import annotations

import time

import structlog
from quart import Blueprint, Response, request

from api.auth import bearer_token, client_ip, services
from api.nuxbill import fields, replies
from api.nuxbill.actions import Action, Controller, Who
from api.nuxbill.call import Call, CustomerCaller
from api.nuxbill.fields import Malformed
from api.nuxbill.identity import Identities
from api.nuxbill.replies import Done, File, LoginNeeded, Page, Refused, Reply
from api.nuxbill.rows import customer_head, staff_row
from api.nuxbill.tokens import Tokens
from core.customers.accounts import AccountStatus
from core.identity.staff_accounts import StaffAccount
from core.platform.errors import Throttled, Unavailable
from core.services import Services

log = structlog.get_logger(__name__)

#: Photos come through here.
LARGEST_BODY = 8 * 1024 * 1024
_PREFLIGHT = {
    "Access-Control-Allow-Headers": "Origin, X-Requested-With, Content-Type, Accept, Access-Control-Request-Method, "
    "Access-Control-Request-Headers, Authorization",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
}


def blueprint(desk: Services, controllers: dict[str, Controller]) -> Blueprint:
    """`/system/api.php`, with the route in `r` or behind it as a path (§11.2)."""
    routes = Blueprint("nuxbill", __name__, url_prefix="/system/api.php")
    tokens = Tokens(desk.settings.nux_signing_secret)
    identities = Identities(desk.uow, tokens, desk.settings.nux_api_key)

    async def answered(path: str = "") -> Response:
        if request.method in {"OPTIONS", "HEAD"}:
            return _with_cors(Response(b"", headers=_PREFLIGHT))
        started = time.perf_counter()
        route = path or request.args.get("r", "").strip()
        try:
            said = await _answer(controllers, tokens, identities, route)
        except Refused as refusal:
            said = _refused(refusal)
        except Throttled as often:
            minutes = -(-often.retry_after_s // 60)
            said = _refused(Refused(f"Too many invalid attempts. Please try again after {minutes} minutes."))
        except Unavailable:
            said = _refused(Refused("Service is busy, please try again", status=503))
        log.info("nuxbill_answered", route=route[:80], ms=round((time.perf_counter() - started) * 1000, 1))
        return _with_cors(said)

    every = ["GET", "POST", "HEAD", "OPTIONS"]
    for rule, name in (("", "call"), ("/<path:path>", "call_by_path")):
        routes.add_url_rule(rule, name, answered, methods=every, provide_automatic_options=False)
    return routes


async def _answer(
    controllers: dict[str, Controller], tokens: Tokens, identities: Identities, route: str
) -> Response:
    try:
        query, body = fields.query(request), await fields.body(request)
    except Malformed as error:
        raise Refused("Invalid request") from error
    preferences = await services().preferences.now()
    shown = body.given.text("token") or query.text("token") or bearer_token()
    caller = await identities.caller(shown, preferences)
    segments = tuple(route.rstrip("/").split("/")) if route.strip("/") else ()
    call = Call(
        services=services(),
        preferences=preferences,
        tokens=tokens,
        caller=caller,
        method=request.method,
        route=route,
        segments=segments,
        query=query,
        body=body,
        ip=client_ip(),
    )
    action = _action(controllers, call)
    _admit(action, call)
    return _said(await action.answer(call), call)


def _action(controllers: dict[str, Controller], call: Call) -> Action:
    if call.path(0) == "default":
        return _of(controllers, _front_door(call), "")
    if not call.segments:
        return _of(controllers, "isValid" if call.caller is not None else "", "")
    return _of(controllers, call.path(0), call.path(1))


def _front_door(call: Call) -> str:
    """Where the original sends whoever comes without saying what for (§7.12)."""
    match call.caller:
        case StaffAccount():
            return "dashboard"
        case CustomerCaller():
            return "home"
        case None:
            return "login"


def _of(controllers: dict[str, Controller], first: str, second: str) -> Action:
    controller = controllers.get(first)
    action = None if controller is None else controller.find(second)
    if action is None:
        raise Refused(replies.NOT_A_COMMAND)
    return action


def _admit(action: Action, call: Call) -> None:
    """Raise `Refused` unless this caller may do this now, in this way (§1.1, §1.7, §2.2)."""
    caller = call.caller
    if isinstance(caller, StaffAccount):
        if action.who is Who.CUSTOMER:
            raise LoginNeeded
        if action.who is Who.STAFF and caller.role not in action.roles:
            raise Refused(replies.NO_PERMISSION)
    elif action.who is Who.STAFF or (caller is None and action.who is not Who.PUBLIC):
        raise LoginNeeded
    elif action.who is Who.CUSTOMER:
        _admit_customer(call)
    if call.method not in action.methods:
        raise Refused(replies.WRONG_METHOD)


def _admit_customer(call: Call) -> None:
    call.refuse_when_closed()
    if call.customer.status is AccountStatus.BANNED:
        raise Refused("This account status : Banned")


def _said(reply: Reply, call: Call) -> Response:
    match reply:
        case File():
            return replies.file(reply)
        case Done(message, result, meta):
            return replies.envelope(success=True, message=message, result=result, meta=meta)
        case Page(title, menu, result):
            base = {"_title": title, "_system_menu": menu, **_head(call)}
            return replies.envelope(success=True, message=call.route, result=base | dict(result), meta={})


def _head(call: Call) -> dict[str, object]:
    match call.caller:
        case StaffAccount() as staff:
            return {"_admin": staff_row(staff, call.services.settings.zone)}
        case CustomerCaller() as customer:
            return {"_user": customer_head(customer)}
        case None:
            return {}


def _refused(refusal: Refused) -> Response:
    return replies.envelope(
        success=False,
        message=refusal.message,
        result=refusal.result,
        meta=refusal.meta,
        status=refusal.status,
    )


def _with_cors(response: Response) -> Response:
    """Tokens travel in parameters, not in cookies, so any page may ask (§1.2)."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response
