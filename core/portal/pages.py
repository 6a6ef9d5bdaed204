"""Pages that staff write: announcements, terms, what a voucher or an e-mail looks like."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select

from core.audit import log as audit
from core.platform.errors import NotFound
from core.platform.uow import UnitOfWork
from core.portal.tables import pages

#: The pages there are, with what they say until somebody writes something else.
TEMPLATES: Mapping[str, str] = {
    "Announcement": "<p>Belum ada pengumuman.</p>",
    "Announcement_Customer": "<p>Belum ada pengumuman.</p>",
    "Email": "<h2>[[Subject]]</h2><p>[[Body]]</p><p>[[Company_Name]]<br>[[Company_Address]]</p>",
    "Order_Voucher": "<p>Voucher dapat dibeli di kantor kami.</p>",
    "Privacy_Policy": "<p>Data Anda hanya dipakai untuk layanan internet Anda.</p>",
    "Registration_Info": "<p>Daftar dengan nomor HP yang aktif.</p>",
    "Terms_and_Conditions": "<p>Layanan dipakai sesuai hukum yang berlaku.</p>",
    "Voucher": "<div>[[company_name]] · [[plan]] · [[price]] · <b>[[code]]</b></div>",
}


class Pages:
    """Each method is one use case and one transaction."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    async def html(self, name: str) -> str:
        """What a page says now; raises `NotFound` for a page that is neither written nor known."""
        async with self._uow.read() as tx:
            written: str | None = await tx.scalar(select(pages.c.html).where(pages.c.name == name))
        if written is not None:
            return written
        if name not in TEMPLATES:
            raise NotFound
        return TEMPLATES[name]

    async def voucher_templates(self) -> tuple[str, ...]:
        """Names of the layouts a voucher can be printed in, beside the usual one."""
        async with self._uow.read() as tx:
            rows = await tx.all(
                select(pages.c.name).where(pages.c.is_voucher_template).order_by(pages.c.name)
            )
        return tuple(row.name for row in rows)

    async def write(self, name: str, html: str, *, actor: str, voucher_template: bool = False) -> None:
        """Write a known page, or a layout for vouchers; raises `NotFound` for any other page."""
        if name not in TEMPLATES and not voucher_template:
            raise NotFound
        async with self._uow.write() as tx:
            facts = {"html": html, "is_voucher_template": voucher_template, "changed_at": tx.now}
            if not await tx.insert_new(pages, name=name, **facts):
                await tx.execute(pages.update().where(pages.c.name == name).values(**facts))
            await audit.record(
                tx, actor=actor, action="page_written", subject=f"page:{name}"[:64], details={}
            )

    async def reset(self, name: str, *, actor: str) -> None:
        """Let a page say again what it said first; raises `NotFound`."""
        if name not in TEMPLATES:
            raise NotFound
        async with self._uow.write() as tx:
            await tx.execute(pages.delete().where(pages.c.name == name))
            await audit.record(tx, actor=actor, action="page_reset", subject=f"page:{name}", details={})
