"""Customers' own account (phpnuxbill-1 contract §7.1)."""

from __future__ import annotations

from api.nuxbill import checks
from api.nuxbill.actions import GET, POST, Controller, Likeness, Param, Who
from api.nuxbill.call import Call
from api.nuxbill.controllers.customfield import field_row
from api.nuxbill.photos import sent_photo
from api.nuxbill.replies import Done, Page, Refused, Reply, lines
from api.nuxbill.rows import customer_row
from core.directory.types import Draft
from core.identity.form_codes import Proof, Wait
from core.platform.errors import Conflict, Forbidden
from core.platform.i18n import Language
from core.preferences.types import CustomField

accounts = Controller("accounts", who=Who.CUSTOMER)

PHONE_TAKEN = "Phone number already registered by another customer"
#: What the business can write to customers in, by the original's names.
LANGUAGES: dict[str, Language] = {"english": "en", "indonesia": "id"}
_PHONE = Param("phone", "Begins with 0 or the country's code.", required=True)
_EMAIL = Param("email", required=True)
_CODE = Param("otp", required=True)
_NO_MAIL = "Email server not Available, Please ask admin to configure it"
_NO_MAIL_WHY = "This installation sends no e-mail; the answer is the original's for that case."
_TAKEN = {"phone_taken": PHONE_TAKEN, "email_taken": "Email already used by another Customer"}
#: What a code that was typed in is answered with.
REFUSALS = {
    Proof.NONE: "Please request OTP first",
    Proof.EXPIRED: "Verification code expired",
    Proof.WRONG: "Wrong Verification code",
    Proof.ELSEWHERE: "The phone number does not match the one that requested the OTP",
}


@accounts.action("change-password", methods=GET)
async def show_password_form(_call: Call) -> Reply:
    """The empty form."""
    return Page("Change Password", "accounts", {"csrf_token": ""})


@accounts.action(
    "change-password-post",
    methods=POST,
    takes=(
        Param("password", "The current one.", required=True),
        Param("npass", required=True),
        Param("cnpass", required=True),
    ),
    likeness=Likeness.DIFFERENT,
    because="The length asked for is the new password's, and older tokens are worthless afterwards.",
)
async def change_password(call: Call) -> Reply:
    """Another password, for the login and for the line."""
    current, new = call.posted("password"), call.posted("npass")
    if not current:
        raise Refused("Incorrect Current Password")
    if not checks.length(new, 36, 2):
        raise Refused("New Password must be 2 to 35 character")
    if new != call.posted("cnpass"):
        raise Refused("Both Password should be same")
    if not await call.services.own_accounts.change_password(call.customer.id, current, new, ip=call.ip):
        raise Refused("Incorrect Current Password")
    return Done("Password changed successfully, Please login again")


@accounts.action(
    "profile",
    methods=GET,
    gives="d, customFields, attrs",
    likeness=Likeness.DIFFERENT,
    because="The business's questions are data, not HTML; `d` is the customer's own row.",
)
async def show_profile(call: Call) -> Reply:
    """The caller's own row, and what the business asks beside."""
    opened = await call.services.directory.open(call.customer.id)
    answers = dict(opened.attributes)
    fields = [
        field_row(each) | {"current": answers.get(each.name, "")} for each in call.preferences.custom_fields
    ]
    shown = {
        "d": customer_row(opened.entry, call.services.settings.zone),
        "customFields": fields,
        "attrs": answers,
        "csrf_token": "",
    }
    return Page("Profile", "accounts", shown)


@accounts.action(
    "edit-profile-post",
    methods=POST,
    takes=(
        Param("fullname", required=True),
        Param("phonenumber"),
        Param("address"),
        Param("email"),
        Param("photo", "JPEG, PNG or GIF.", is_file=True),
        Param("faceDetect", "Accepted and ignored: thumbnails show the middle."),
    ),
    likeness=Likeness.STRICTER,
    because="Phone and e-mail are checked, and only when they may be changed here; the number before is told.",
)
async def change_profile(call: Call) -> Reply:
    """What customers may change of themselves, answers to the business's questions by their names included."""
    draft = _profile(call)
    photo = await sent_photo(call)
    try:
        await call.services.own_accounts.change_profile(call.customer.id, draft, photo, ip=call.ip)
    except Conflict as error:
        raise Refused(f"{_TAKEN[error.reason]}<br>") from error
    except Forbidden as error:
        raise Refused("Email Address is verified and cannot be changed<br>") from error
    return Done("User Updated Successfully")


@accounts.action("phone-update", methods=GET, gives="new_phone")
async def show_phone_form(call: Call) -> Reply:
    """Which number a code was last sent to."""
    asked = await call.services.own_accounts.asked_phone(call.customer.id)
    return Page("Update Phone", "accounts", {"new_phone": asked, "csrf_token": ""})


@accounts.action(
    "phone-update-otp",
    methods=POST,
    takes=(_PHONE,),
    gives="new_phone, wait, expires",
    likeness=Likeness.DIFFERENT,
    because="Success is told as success; the code leaves over WhatsApp whatever `phone_otp_type` says.",
)
async def send_phone_code(call: Call) -> Reply:
    """Send a code to the number that shall be the caller's."""
    phone = read_phone(call, "phone")
    try:
        wait = await call.services.own_accounts.start_phone_change(call.customer.id, phone, ip=call.ip)
    except Conflict as error:
        raise Refused(PHONE_TAKEN) from error
    refuse_haste(wait)
    known = call.preferences
    times = {"wait": known.code_wait_s, "expires": known.code_lifetime_s}
    return Done("Verification code has been sent to your phone", {"new_phone": phone, **times})


@accounts.action(
    "phone-update-post",
    methods=POST,
    takes=(_PHONE, _CODE),
    likeness=Likeness.STRICTER,
    because="Five wrong codes end it; the number before is told, and gets recovery codes for another day.",
)
async def change_phone(call: Call) -> Reply:
    """Set the number the code was sent to."""
    phone, code = read_phone(call, "phone"), call.posted("otp")
    own = call.services.own_accounts
    try:
        proof = await own.finish_phone_change(call.customer.id, phone, code, ip=call.ip)
    except Conflict as error:
        raise Refused(PHONE_TAKEN) from error
    if proof is not Proof.RIGHT:
        raise Refused(REFUSALS[proof])
    return Done("Phone number updated successfully")


@accounts.action("email-update", methods=GET, gives="new_email")
async def show_email_form(_call: Call) -> Reply:
    """The empty form: no code for an e-mail address is ever on its way."""
    return Page("Update Email", "accounts", {"new_email": None, "csrf_token": ""})


@accounts.action(
    "email-update-otp", methods=POST, takes=(_EMAIL,), likeness=Likeness.DIFFERENT, because=_NO_MAIL_WHY
)
async def send_email_code(call: Call) -> Reply:
    """Refused: no e-mail leaves here."""
    if not checks.is_email(call.posted("email")):
        raise Refused(checks.BAD_EMAIL)
    raise Refused(_NO_MAIL)


@accounts.action(
    "email-update-post",
    methods=POST,
    takes=(_EMAIL, _CODE),
    likeness=Likeness.DIFFERENT,
    because=_NO_MAIL_WHY,
)
async def change_email(call: Call) -> Reply:
    """Refused: no code for an e-mail address was ever sent."""
    if not checks.is_email(call.posted("email")):
        raise Refused(checks.BAD_EMAIL)
    raise Refused(REFUSALS[Proof.NONE])


@accounts.action(
    "language-update-post",
    takes=(Param("lang", ", ".join(LANGUAGES)),),
    likeness=Likeness.STRICTER,
    because="Only languages there are texts in; the choice holds in chats and notices too.",
)
async def choose_language(call: Call) -> Reply:
    """What the business writes to the caller in."""
    name = call.text("lang", "english").lower()
    if name not in LANGUAGES:
        raise Refused("Language not found")
    await call.services.own_accounts.choose_language(call.customer.id, LANGUAGES[name])
    return Done(name.capitalize())


def read_phone(call: Call, field: str) -> str:
    """A number in the form it is kept in. Raises `Refused`."""
    code = call.preferences.country_code
    phone = checks.formatted_phone(call.text(field), code)
    if not checks.is_phone(phone, code):
        raise Refused(checks.BAD_PHONE)
    return phone


def refuse_haste(wait: Wait | None) -> None:
    """Raise `Refused` when no code was sent because of the one before."""
    if wait is not None:
        raise Refused(f"Please wait {wait.seconds} seconds before sending another SMS")


def answers(call: Call, fields: tuple[CustomField, ...]) -> dict[str, str]:
    """What was answered to the business's questions; an empty answer changes nothing."""
    given = {each.name: call.posted(each.name) for each in fields}
    return {name: value[:255] for name, value in given.items() if value}


def _profile(call: Call) -> Draft:
    known, name = call.preferences, call.posted("fullname")
    phone = "" if known.phone_changes_by_code else call.posted("phonenumber")
    email = "" if known.email_changes_by_code else call.posted("email")
    problems = [
        text
        for is_wrong, text in (
            (not checks.length(name, 31, 1), "Full Name should be between 1 to 30 characters"),
            (
                not known.phone_changes_by_code and not checks.is_phone(phone, known.country_code),
                checks.BAD_PHONE,
            ),
            (bool(email) and not checks.is_email(email), checks.BAD_EMAIL),
        )
        if is_wrong
    ]
    if problems:
        raise Refused(lines(problems))
    return Draft(
        name=name,
        address=call.posted("address")[:255],
        phone=checks.formatted_phone(phone, known.country_code) or None,
        email=email or None,
        attributes=answers(call, known.custom_fields),
    )
