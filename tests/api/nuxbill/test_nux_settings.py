"""Settings of the installation, and staff's own password (phpnuxbill-2 contract E11, F2.6)."""

from __future__ import annotations

from datetime import timedelta

from core.platform.clock import ManualClock
from tests.api.nuxbill.conftest import Login
from tests.api.nuxbill.support import Nux


async def test_the_customers_side_is_closed_and_opened(staff: Login, nux: Nux) -> None:
    admin = await staff()
    before = (await admin.get("settings/maintenance")).result["_c"]
    assert before == {"maintenance_mode": "0", "maintenance_mode_logout": "0", "maintenance_date": ""}
    form = {"save": "save", "maintenance_mode": "1", "maintenance_date": "2026-12-01", "api_key": "mine"}
    assert (await admin.post("settings/maintenance", **form)).message == "Settings Saved Successfully"
    assert (await nux.get("login")).status == 503
    after = (await admin.get("settings/maintenance")).result["_c"]
    assert (after["maintenance_mode"], after["maintenance_date"]) == ("1", "2026-12-01")
    await admin.post("settings/maintenance", save="save", maintenance_mode="0")
    assert (await nux.get("login")).status == 200


async def test_only_known_settings_are_stored_and_only_with_values_they_can_have(staff: Login) -> None:
    admin = await staff()
    wrong = await admin.post("settings/miscellaneous", save="save", otp_wait="soon")
    assert wrong.message == "All field is required"
    form = {"save": "save", "otp_wait": "30", "router_check": "1", "evil": "x"}
    assert (await admin.post("settings/miscellaneous", **form)).success
    shown = (await admin.get("settings/miscellaneous")).result["_c"]
    assert (shown["otp_wait"], shown["router_check"], shown["otp_expiry"]) == ("30", "1", "1200")
    assert "evil" not in shown
    agent = await staff("agen", "agen1234")
    assert (
        await agent.get("settings/maintenance")
    ).message == "You do not have permission to access this page"


async def test_staff_change_their_password_and_older_tokens_die(
    staff: Login, nux: Nux, clock: ManualClock
) -> None:
    agent, change = await staff("agen", "agen1234"), "settings/change-password-post"
    new = {"npass": "agen-baru-panjang-sekali", "cnpass": "agen-baru-panjang-sekali"}
    for form, message in (
        (new | {"password": "salah"}, "Incorrect Current Password"),
        (new | {"password": "agen1234", "cnpass": "x"}, "Both Password should be same"),
        ({"password": "agen1234", "npass": "abc", "cnpass": "abc"}, "New Password must be 6 to 14 character"),
    ):
        assert (await agent.post(change, **form)).message == message
    clock.move(timedelta(seconds=2))
    said = await agent.post(change, **new, password="agen1234")
    assert (said.success, said.message) == (True, "Password changed successfully, Please login again")
    assert (await agent.get("isValid")).message == "Token is invalid"
    await staff("agen", new["npass"])
    assert not (await nux.post("admin/post", username="agen", password="agen1234")).success
