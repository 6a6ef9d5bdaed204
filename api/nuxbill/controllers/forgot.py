"""Getting back into an account: a new password by code, and forgotten user names (phpnuxbill-1 contract §7.14)."""

from __future__ import annotations

from api.nuxbill import checks
from api.nuxbill.actions import Controller, Likeness, Param, Who
from api.nuxbill.call import Call
from api.nuxbill.replies import Done, Page, Refused, Reply
from core.platform.errors import NotFound
from core.preferences.types import LoginBy

forgot = Controller("forgot", who=Who.PUBLIC, fallback="")

_SENT = {
    LoginBy.EMAIL: "Usernames have been sent to your phone/Whatsapp {find}",
    LoginBy.PHONE: "Phone numbers have been sent to your Email",
    LoginBy.USERNAME: "Usernames have been sent to your phone/Whatsapp/Email",
}


@forgot.action(
    takes=(
        Param("step", "1 sends a code, 2 takes it, 6 and 7 find user names; else the form."),
        Param("username", "For steps 1 and 2."),
        Param("otp_code", "For step 2."),
        Param("find", "A phone or an e-mail address, for step 7."),
    ),
    gives="step, username, password, notify, notify_t",
    likeness=Likeness.DIFFERENT,
    because="Codes and names leave over WhatsApp alone; the new password has ten characters and is the line's too.",
)
async def go_on(call: Call) -> Reply:
    """The step that is asked for."""
    call.refuse_when_closed()
    match call.whole("step"):
        case 1:
            return await _send_code(call)
        case 2:
            return await _take_code(call)
        case 7:
            return await _send_names(call)
        case step:
            return Page("Forgot Password", "", {"step": step})


async def _send_code(call: Call) -> Reply:
    username = _username(call)
    try:
        wait = await call.services.own_accounts.start_recovery(username, ip=call.ip)
    except NotFound as error:
        raise _refused("Username not found", step=0) from error
    if wait is not None:
        said = f"Verification Code already Sent to Your Phone/Email/Whatsapp, please wait {wait.seconds} seconds."
        raise _refused(said, step=1, username=username)
    return _done("Verification code has been sent to your phone/email/WhatsApp", step=1, username=username)


async def _take_code(call: Call) -> Reply:
    username = _username(call)
    new = await call.services.own_accounts.finish_recovery(username, call.posted("otp_code"), ip=call.ip)
    if new is None:
        raise _refused("Invalid Username or Verification Code", step=2, username=username)
    both = {"passsword": new, "password": new}  # the original's spelling, and the right one
    return _done("Verification Code Valid", step=2, username=username, **both)


async def _send_names(call: Call) -> Reply:
    find = call.posted("find")
    if not find or not await call.services.own_accounts.send_names(find, ip=call.ip):
        raise _refused("No data found", step=6)
    return _done(_SENT[call.preferences.login_by].format(find=find), step=0)


def _username(call: Call) -> str:
    given = call.posted("username")
    if call.preferences.login_by is LoginBy.PHONE:
        return checks.formatted_phone(given, call.preferences.country_code)
    return given


def _done(message: str, **state: object) -> Done:
    return Done(message, {**state, "notify": message, "notify_t": "s", "_title": "Forgot Password"})


def _refused(message: str, **state: object) -> Refused:
    shown = {**state, "notify": message, "notify_t": "e", "_title": "Forgot Password"}
    return Refused(message, result=shown)
