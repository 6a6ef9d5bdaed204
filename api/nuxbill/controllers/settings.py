"""What staff change of the installation while it runs, and of themselves (phpnuxbill-2 contract E11)."""

from __future__ import annotations

from api.nuxbill.actions import GET, OFFICE, POST, STAFF, Controller, Likeness, Param
from api.nuxbill.call import Call
from api.nuxbill.preferences import SPELLINGS, spelled
from api.nuxbill.replies import Done, Page, Refused, Reply
from core.platform.errors import Invalid

settings = Controller("settings", roles=OFFICE)

_MENU, _SAVED = "settings", "Settings Saved Successfully"
_MAINTENANCE = ("maintenance_mode", "maintenance_mode_logout", "maintenance_date")
#: Of the miscellaneous ones, what something here acts on; the others are kept for the clients that ask for them.
_MISCELLANEOUS = (
    "allow_phone_otp",
    "allow_email_otp",
    "phone_otp_type",
    "otp_wait",
    "otp_expiry",
    "check_customer_online",
    "extend_expiry",
)
_KEPT = (
    "new_version_notify",
    "router_check",
    "show_bandwidth_plan",
    "hs_auth_method",
    "frrest_interim_update",
)
_SHORTEST = 6
_LONGEST = 128


@settings.action(
    "maintenance",
    takes=(Param("save", "`save` changes them."), *map(Param, _MAINTENANCE)),
    gives="_c",
    likeness=Likeness.STRICTER,
    because="Shows these three alone; what is not sent stays as it is.",
)
async def show_maintenance(call: Call) -> Reply:
    """Whether the customers' side is closed; a POST with `save` changes it."""
    return await _show_or_save(call, "Maintenance", _MAINTENANCE, ())


@settings.action(
    "miscellaneous",
    takes=(Param("save", "`save` changes them."), *map(Param, (*_MISCELLANEOUS, *_KEPT))),
    gives="_c",
    likeness=Likeness.STRICTER,
    because="The original stores whatever is posted.",
)
async def show_miscellaneous(call: Call) -> Reply:
    """Codes, extensions and looks at lines; a POST with `save` changes them."""
    return await _show_or_save(call, "Miscellaneous", _MISCELLANEOUS, _KEPT)


@settings.action("change-password", methods=GET, roles=STAFF)
async def show_password_form(_call: Call) -> Reply:
    """The empty form."""
    return Page("Change Password", _MENU, {"csrf_token": ""})


@settings.action(
    "change-password-post",
    methods=POST,
    roles=STAFF,
    takes=(
        Param("password", "The current one.", required=True),
        Param("npass", required=True),
        Param("cnpass", required=True),
    ),
    likeness=Likeness.DIFFERENT,
    because="The original fails; a new password may have more than fourteen letters, and older tokens are worthless.",
)
async def change_password(call: Call) -> Reply:
    """Another password for the caller."""
    current, new = call.posted("password"), call.posted("npass")
    if not _SHORTEST <= len(new) <= _LONGEST:
        raise Refused("New Password must be 6 to 14 character")
    if new != call.posted("cnpass"):
        raise Refused("Both Password should be same")
    if not await call.services.staff_accounts.change_password(call.staff.id, current, new, ip=call.ip):
        raise Refused("Incorrect Current Password")
    return Done("Password changed successfully, Please login again")


async def _show_or_save(call: Call, title: str, names: tuple[str, ...], kept: tuple[str, ...]) -> Reply:
    if not (call.is_post and call.posted("save") == "save"):
        held = spelled(call.preferences, call.services.settings) | await call.services.preferences.foreign()
        return Page(title, _MENU, {"_c": {name: held.get(name, "") for name in (*names, *kept)}})
    try:
        changes = {
            SPELLINGS[name].field: SPELLINGS[name].read(call.posted(name))
            for name in names
            if _is_sent(call, name)
        }
        await call.services.preferences.change(changes, actor=call.actor)
    except (ValueError, Invalid) as error:
        raise Refused("All field is required") from error
    await call.services.preferences.keep(
        {name: call.posted(name)[:200] for name in kept if _is_sent(call, name)}
    )
    return Done(_SAVED)


def _is_sent(call: Call, name: str) -> bool:
    return call.body.given.text(name) is not None
