"""Pages, widgets, mail, custom fields, logs, extensions (phpnuxbill-1 contract §7.6, §7.10, §7.19, §7.20, §7.24 to §7.28, §9.13)."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

from core.audit import activity
from core.platform.clock import ManualClock
from core.portal import inbox
from core.services import Services
from tests.api.nuxbill.conftest import Login
from tests.api.nuxbill.support import Nux


async def test_a_page_is_written_read_by_customers_and_put_back(staff: Login, customer: Login) -> None:
    admin, john = await staff(), await customer()
    before = (await john.get("page/Announcement")).result["html"]
    said = await admin.post("pages/Announcement-post", html="<p>Libur <b>Senin</b></p>")
    assert (said.success, said.message) == (True, "Page saved successfully")
    assert (await john.get("page/Announcement")).result["html"] == "<p>Libur <b>Senin</b></p>"
    assert (await admin.get("pages/Announcement-reset")).message == "Page has been reset"
    assert (await john.get("page/Announcement")).result["html"] == before


async def test_a_page_that_does_not_exist_is_not_made_by_looking(staff: Login, customer: Login) -> None:
    admin, john = await staff(), await customer()
    for name in ("Nothing", "..", "a<b>", "etc/passwd"):
        assert (await admin.get(f"pages/{name}")).message == "Page not found"
        assert (await admin.post(f"pages/{name}-post", html="x")).message == "Page not found"
        assert (await john.get(f"page/{name}")).message == "Page not found"


async def test_a_voucher_page_can_be_kept_as_a_layout(staff: Login) -> None:
    admin = await staff()
    await admin.post(
        "pages/Voucher-post", html="<div>[[code]]</div>", template_save="yes", template_name="Kecil 2"
    )
    shown = (await admin.get("pages/Voucher")).result
    assert (shown["htmls"], shown["html"]) == ("[[code]]", "<div>[[code]]</div>")
    assert shown["vouchers"] == ["Kecil 2"]
    refused = await admin.post("pages/Voucher-post", html="x", template_save="yes", template_name="../x")
    assert refused.message == "Invalid request"


async def test_dashboards_have_their_usual_widgets_and_can_be_arranged(staff: Login) -> None:
    admin = await staff()
    usual = (await admin.get("widgets", user="Admin")).result
    assert (usual["max"], usual["dashboard"], len(usual["widgets"])) == (4, "12.7,5.12", 11)
    assert len((await admin.get("widgets", user="Customer")).result["widgets"]) == 7
    form = {"tipeUser": "Admin", "widget": "html_php", "title": "Catatan", "position": "2", "orders": "9"}
    made = await admin.post("widgets/add", **form, enabled="1", content="<?php system('id') ?>")
    assert (made.success, made.message) == (True, "Widget Added Successfully")
    widget_id = made.result["id"]
    assert (await admin.post("widgets/edit", **form | {"id": widget_id, "title": "Baru"})).message == (
        "Widget Saved Successfully"
    )
    row = (await admin.get(f"widgets/edit/{widget_id}")).result["widget"]
    assert (row["title"], row["enabled"], row["position"], row["orders"]) == ("Baru", 0, 2, 9)
    await admin.post("widgets/pos", **{"id[]": [widget_id], "orders[]": [0]})
    assert (await admin.get("widgets")).result["widgets"][0]["id"] == widget_id
    assert (await admin.post(f"widgets/delete/{widget_id}")).message == "Widget Deleted Successfully"
    assert (await admin.post(f"widgets/delete/{widget_id}")).message == "Widget Not Found"
    assert (await admin.post("widgets/add", **form | {"widget": "shell"})).message == "Widget not found<br>"


async def test_a_layout_must_fill_its_rows(staff: Login) -> None:
    admin = await staff()
    said = await admin.post("widgets", user="Agent", save="struct", dashboard="6,6.12")
    assert said.message == "Dashboard Structure Saved Successfully"
    assert (await admin.get("widgets", user="Agent")).result["dashboard"] == "6,6.12"
    for wrong in ("6,7", "", "12,", "a"):
        said = await admin.post("widgets", user="Agent", save="struct", dashboard=wrong)
        assert said.message == "Invalid request"


async def test_mail_is_its_owners_alone(customer: Login, services: Services) -> None:
    async with services.uow.write() as tx:
        first = await inbox.put(tx, 1, "Selamat datang", "Halo John")
        second = await inbox.put(tx, 1, "Tagihan", "Ada tagihan baru")
        foreign = await inbox.put(tx, 2, "Rahasia", "Untuk Siti")
    john = await customer()
    listed = (await john.get("mail")).result
    assert ([row["id"] for row in listed["mails"]], listed["total"]) == ([second, first], 2)
    assert [row["id"] for row in (await john.get("mail", q="halo")).result["mails"]] == [first]
    opened = (await john.get(f"mail/view/{first}")).result
    assert (opened["next"], opened["prev"], opened["mail"]["date_read"] is not None) == (second, None, True)
    assert (await john.get(f"mail/view/{foreign}")).message == "Message Not Found"
    assert (await john.get(f"mail/delete/{foreign}")).message == "Failed to Delete Message"
    assert (await john.get(f"mail/delete/{first}")).message == "Mail Deleted Successfully"
    assert (await john.get("mail")).result["total"] == 1


async def test_custom_fields_are_replaced_as_a_whole(staff: Login) -> None:
    admin = await staff()
    said = await admin.post(
        "customfield/save",
        **{
            "name[]": ["Nomor Rumah!", "", "Warna"],
            "order[]": ["2", "1", "1"],
            "type[]": ["number", "text", "option"],
            "value[]": ["", "", "merah,biru"],
            "register[]": ["1", "0", "0"],
            "required[]": ["1", "0", "0"],
        },
    )
    assert said.message == "Successfully saved custom fields!"
    fields = (await admin.get("customfield")).result["fields"]
    assert [(f["name"], f["type"], f["value"], f["register"], f["required"]) for f in fields] == [
        ("warna", "option", "merah,biru", 0, 0),
        ("nomor_rumah", "number", "", 1, 1),
    ]
    twins = json.dumps([{"name": "a"}, {"name": "A"}])
    assert (await admin.post("customfield/save", fields=twins)).message == "Failed to save custom fields!"
    assert len((await admin.get("customfield")).result["fields"]) == 2


async def test_the_log_tells_who_came_in_and_can_be_shortened(
    staff: Login, services: Services, clock: ManualClock
) -> None:
    admin = await staff()
    async with services.uow.write() as tx:
        await activity.note(tx, '=HYPERLINK("http://x")', kind="Admin", user_id=1)
    rows = (await admin.get("logs/list")).result["d"]
    assert [row["description"] for row in rows] == ['=HYPERLINK("http://x")', "admin Login Successful"]
    assert [row["type"] for row in rows] == ["Admin", "SuperAdmin"]
    assert (await admin.get("logs", q="LOGIN")).result["paginator"]["total"] == 1
    answer = await admin.raw("GET", "logs/list-csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "activity-logs_" in answer.headers["Content-Disposition"]
    table = list(csv.reader(io.StringIO(answer.text), delimiter=";"))
    assert table[0] == ["id", "date", "type", "description", "userid", "ip"]
    assert table[2][3] == '\'=HYPERLINK("http://x")'
    clock.move(timedelta(days=10))
    for wrong in ("0", "-1", "1 OR 1=1"):
        assert (await admin.post("logs/list", keep=wrong)).message == "Invalid request"
    assert (await admin.post("logs/list", keep="7")).message == "Delete logs older than 7 days"
    assert (await admin.get("logs")).result["paginator"]["total"] == 0


async def test_nothing_from_outside_is_ever_run(staff: Login, nux: Nux) -> None:
    assert (await nux.get("plugin/phpinfo")).message == "Function not found"
    admin = await staff()
    for form in ({"gh_url": "https://example.com/x.zip"}, {}):
        said = await admin.post("pluginmanager/dlinstall", **form)
        assert said.message == "Installation from URL or file is disabled"
    assert (await admin.get("pluginmanager/install/plugin/evil")).message == "Nothing Installed"
    gone = await admin.get("pluginmanager/delete/device/MikrotikHotspot")
    assert gone.message == "Device MikrotikHotspot has been deleted"
    listed = {each["id"]: each["enabled"] for each in (await admin.get("pluginmanager")).result["dvcs"]}
    assert listed == {"MikrotikPppoe": True, "MikrotikHotspot": False}
    assert (await admin.get("community/rollback")).message == "Rollback is not available"
