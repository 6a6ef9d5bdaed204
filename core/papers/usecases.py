"""What can be done with papers: print them, look at what they show, check a receipt."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from core.billing.links import invoice_behind, pay_link, payment_behind, receipt_link
from core.messaging.attachments import File, Renderer
from core.papers import queries
from core.papers.names import INVOICE, RECEIPT
from core.papers.types import Issuer, Listing, Receipt, Sheet
from core.platform.errors import Forbidden, NotFound
from core.platform.i18n import Language
from core.platform.uow import UnitOfWork
from core.settings import Settings

_PDF = "application/pdf"
#: Papers made at once; the others wait their turn, so that a rush of them leaves processors for answering.
_PRESSES = 2


class Papers:
    """Each method is one use case and one transaction; a PDF is drawn in a thread, after it."""

    def __init__(self, uow: UnitOfWork, settings: Settings) -> None:
        self._uow, self._settings = uow, settings
        self._presses = ThreadPoolExecutor(_PRESSES, thread_name_prefix="papers")

    def close(self) -> None:
        """Let go of the threads; papers under way are finished."""
        self._presses.shutdown()

    def renderers(self) -> Mapping[str, Renderer]:
        """What attachments can be made of."""
        return {INVOICE: self._invoice_of, RECEIPT: self._receipt_of}

    async def sheet(self, invoice_id: int) -> Sheet:
        """A bill and where to pay it; raises `NotFound("invoice")`."""
        async with self._uow.read() as tx:
            return await queries.sheet(tx, invoice_id)

    async def sheet_named(self, number: str, service_number: str) -> Sheet:
        """The same by the bill's and its service's number; raises `NotFound("invoice")` unless they belong together."""
        async with self._uow.read() as tx:
            return await queries.sheet(tx, await queries.invoice_named(tx, number, service_number))

    async def sheet_behind(self, token: str) -> Sheet:
        """The same by a pay link; raises `NotFound("invoice")` for a token that is not ours."""
        invoice_id = invoice_behind(self._settings, token)
        if invoice_id is None:
            raise NotFound("invoice")
        return await self.sheet(invoice_id)

    async def own_sheet(self, number: str, customer_id: int) -> Sheet:
        """A customer's own bill; raises `NotFound("invoice")`, and `Forbidden("invoice")` for somebody else's."""
        async with self._uow.read() as tx:
            invoice_id, owner_id = await queries.invoice_owner(tx, number)
            if owner_id != customer_id:
                raise Forbidden("invoice")
            return await queries.sheet(tx, invoice_id)

    async def receipt_behind(self, token: str) -> Receipt:
        """The payment a receipt's code stands for; raises `NotFound("payment")` for a code that is not ours."""
        payment_id = payment_behind(self._settings, token)
        if payment_id is None:
            raise NotFound("payment")
        async with self._uow.read() as tx:
            return await queries.receipt(tx, payment_id)

    async def invoice_pdf(self, sheet: Sheet, language: Language) -> File:
        """A bill on paper; its code leads to the pay page, and once it is paid to what proves it."""
        settings = self._settings
        link = (
            pay_link(settings, sheet.bill.invoice.id)
            if sheet.payment_id is None
            else receipt_link(settings, sheet.payment_id)
        )
        issuer = self._issuer(language, link)

        def draw() -> bytes:
            from core.papers import printed  # noqa: PLC0415 - what draws is loaded by who prints, in the thread

            return printed.invoice(sheet, issuer)

        return await self._printed(draw)

    async def receipt_pdf(self, payment_id: int, language: Language) -> File:
        """The receipt of a payment; raises `NotFound("payment")`."""
        async with self._uow.read() as tx:
            paper = await queries.receipt(tx, payment_id)
        issuer = self._issuer(language, receipt_link(self._settings, payment_id))

        def draw() -> bytes:
            from core.papers import printed  # noqa: PLC0415 - what draws is loaded by who prints, in the thread

            return printed.receipt(paper, issuer)

        return await self._printed(draw)

    async def listing_pdf(self, table: Listing, language: Language, made_at: datetime) -> File:
        """A table on paper."""
        issuer = self._issuer(language, "")

        def draw() -> bytes:
            from core.papers import listings  # noqa: PLC0415 - what draws is loaded by who prints, in the thread

            return listings.listing(table, issuer, made_at)

        return await self._printed(draw)

    async def _invoice_of(self, args: Mapping[str, int | str]) -> File:
        try:
            sheet = await self.sheet(int(args["invoice"]))
        except NotFound:
            raise NotFound("attachment") from None
        return await self.invoice_pdf(sheet, _language(args))

    async def _receipt_of(self, args: Mapping[str, int | str]) -> File:
        try:
            return await self.receipt_pdf(int(args["payment"]), _language(args))
        except NotFound:
            raise NotFound("attachment") from None

    async def _printed(self, draw: Callable[[], bytes]) -> File:
        content = await asyncio.get_running_loop().run_in_executor(self._presses, draw)
        return File(content, _PDF)

    def _issuer(self, language: Language, link: str) -> Issuer:
        settings = self._settings
        return Issuer(
            settings.business_name,
            settings.business_address,
            settings.business_phone,
            settings.timezone,
            language,
            link,
        )


def _language(args: Mapping[str, int | str]) -> Language:
    return "en" if args["language"] == "en" else "id"
