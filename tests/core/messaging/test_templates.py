"""Edited words of notices: checked before they are kept, tried with samples, used at once, taken back."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from core.audit.tables import audit_log
from core.messaging.editing import Place, Templates, place_of
from core.messaging.kinds import KINDS, Notice
from core.messaging.notices import notify
from core.messaging.rules import LONGEST, MOST_LINES, check_text
from core.platform.errors import Invalid
from core.platform.outbox import outbox
from core.settings import Settings
from tests.core.conftest import Shop

DEWI = 5
BILL = Place(Notice.INVOICE_NEW, "id")
BODY = "Hai {name}! 🎉 Tagihan {period}: *{amount}*, sebelum {due}."


@pytest.fixture
def templates(shop: Shop, settings: Settings) -> Templates:
    return Templates(shop.uow, settings)


async def sent(shop: Shop, settings: Settings, key: str = "n-1") -> dict[str, object]:
    async with shop.uow.write() as tx:
        samples = KINDS[Notice.INVOICE_NEW].samples
        await notify(tx, settings, customer_id=DEWI, kind=Notice.INVOICE_NEW, key=key, args=samples)
    payload: dict[str, object] = (await shop.one(select(outbox).where(outbox.c.key == key))).payload
    return payload


async def test_an_edited_text_is_used_until_it_is_taken_back(
    shop: Shop, settings: Settings, templates: Templates
) -> None:
    shown = await templates.edit(BILL, BODY, actor="staff:3")
    assert shown == "Hai Dewi Lestari! 🎉 Tagihan Desember 2026: *Rp277.500*, sebelum 10 Desember 2026."
    assert await templates.preview(BILL) == shown
    assert (await sent(shop, settings))["text"] == shown
    assert (await templates.shown(BILL)).edited_by == "staff:3"
    assert await templates.reset(BILL, actor="staff:4")
    assert not await templates.reset(BILL, actor="staff:4")
    assert "sudah terbit" in str((await sent(shop, settings, "n-2"))["text"])
    own = audit_log.c.action.like("template_%")
    changes = await shop.all(select(audit_log).where(own).order_by(audit_log.c.id))
    assert [(row.actor, row.action, row.subject) for row in changes] == [
        ("staff:3", "template_edited", "template:invoice_new.id.all"),
        ("staff:4", "template_reset", "template:invoice_new.id.all"),
    ]


async def test_a_text_for_one_channel_goes_before_the_one_for_all(
    shop: Shop, settings: Settings, templates: Templates
) -> None:
    await templates.edit(BILL, BODY, actor="staff:3")
    await templates.edit(
        Place(Notice.INVOICE_NEW, "id", "whatsapp"),
        "WA: {period} {amount} {due}",
        actor="staff:3",
        approved_name="bill_ready",
        approved_fields=["name", "amount"],
    )
    payload = await sent(shop, settings)
    assert str(payload["text"]).startswith("WA: ")
    approved = msgspec.convert(payload["extras"], dict)["approved"]
    assert (approved["name"], approved["values"]) == ("bill_ready", ["Dewi Lestari", "Rp277.500"])
    listed = [each.place.channel for each in await templates.listed() if each.edited_by]
    assert listed == ["all", "whatsapp"]


async def test_plainly_an_edited_text_loses_its_pictures(shop: Shop, settings: Settings) -> None:
    plain = msgspec.structs.replace(settings, plain_notices=True)
    shown = await Templates(shop.uow, plain).edit(BILL, BODY, actor="staff:3")
    assert shown == "Hai Dewi Lestari! Tagihan Desember 2026: 277.500 rupiah, sebelum 10 Desember 2026."


async def test_every_shipped_text_is_one_that_could_have_been_edited_in(templates: Templates) -> None:
    shipped = await templates.listed()
    assert len(shipped) == 2 * len(Notice)
    for each in shipped:
        kind = KINDS[each.place.kind]
        check_text(each.body, allowed=kind.fields, needed=kind.needs)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("  \n ", "template_empty"),
        ("{period} {amount} {due} {password}", "template_blank"),
        ("{amount} {due}", "template_missing"),
        ("{period} {amount} {due} {name.__class__}", "template_blank"),
        ("{period} {amount} {due} {name[0]}", "template_blank"),
        ("{period} {amount} {due} {0}", "template_blank"),
        ("{period} {amount} {due} {}", "template_braces"),
        ("{period} {amount} {due:>99999999}", "template_braces"),
        ("{period} {amount!r} {due}", "template_braces"),
        ("{period} {amount} {due", "template_braces"),
        ("{period} {amount} {due} \x07", "template_characters"),
        ("{period} {amount} {due}" + "x" * LONGEST, "template_long"),
        ("{period} {amount} {due}" + "\nx" * MOST_LINES, "template_long"),
    ],
)
async def test_a_text_that_cannot_work_is_refused_with_its_reason(
    shop: Shop, templates: Templates, body: str, reason: str
) -> None:
    with pytest.raises(Invalid, match=reason):
        await templates.edit(BILL, body, actor="staff:3")
    assert (await templates.shown(BILL)).edited_by is None


@pytest.mark.parametrize("name", ["Bill Ready", "", "x" * 513, "bill-ready"])
async def test_a_name_whatsapp_could_not_have_approved_is_refused(templates: Templates, name: str) -> None:
    with pytest.raises(Invalid, match="template_approved"):
        await templates.edit(BILL, BODY, actor="staff:3", approved_name=name)
    with pytest.raises(Invalid, match="template_blank"):
        await templates.edit(BILL, BODY, actor="staff:3", approved_name="bill", approved_fields=["password"])


@pytest.mark.parametrize("place", [("invoice", "id"), ("otp", "jv"), ("otp", "id", "sms")])
def test_a_place_that_is_none_is_refused(place: tuple[str, str]) -> None:
    with pytest.raises(Invalid, match="template_kind"):
        place_of(*place)


@given(st.text(max_size=200))
def test_whatever_passes_the_check_can_be_filled_in(body: str) -> None:
    try:
        check_text(body, allowed={"name"}, needed=())
    except Invalid:
        return
    assert isinstance(body.format_map({"name": "x"}), str)
