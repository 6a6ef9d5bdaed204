"""What can be done about proofs of payment: keep a picture, submit it for a bill, confirm it, say why not."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import Row, Select, func, select

from core.audit import log as audit
from core.billing.commands import Payment
from core.billing.settling import numbered, settle_and_follow_up
from core.billing.tables import invoices, payments
from core.billing.types import InvoiceStatus, Settled
from core.customers.chat_access import PHONE_CHANNELS
from core.customers.tables import customers
from core.identity import staff
from core.identity.staff import Permission, StaffMember
from core.messaging.attachments import File, Renderer
from core.messaging.notices import send_text
from core.messaging.ports import Attachment, Choice
from core.platform import i18n
from core.platform.errors import Forbidden, NotFound
from core.platform.i18n import Argument, Language, Message, Month, Rupiah
from core.platform.outbox import Priority
from core.platform.uow import ReadTx, UnitOfWork, WriteTx
from core.proofs.tables import payment_proofs, proof_pictures
from core.proofs.types import (
    Confirmed,
    DecidedBefore,
    Decision,
    NothingOwed,
    Picture,
    Proof,
    ProofState,
    Rejected,
    SeenBefore,
    Submission,
    Submitted,
)
from core.settings import Settings

log = structlog.get_logger(__name__)

PICTURE = "payment_proof"
LONGEST_REASON = 300
#: A picture nobody said the bill of is kept for a day; a decided one as long as somebody may ask about it.
_DRAFTS, _DECIDED = timedelta(days=1), timedelta(days=180)
_MOST_LISTED = 30
_SUFFIXES = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "application/pdf": "pdf"}

_listed: Select[Any] = (
    select(
        payment_proofs,
        invoices.c.number,
        invoices.c.year,
        invoices.c.month,
        (invoices.c.amount - invoices.c.settled).label("owed"),
        customers.c.name,
        customers.c.service_number,
    )
    .join(invoices, invoices.c.id == payment_proofs.c.invoice_id)
    .join(customers, customers.c.id == invoices.c.customer_id)
)


class Proofs:
    """Each method is one use case and one transaction."""

    def __init__(self, uow: UnitOfWork, settings: Settings) -> None:
        self._uow, self._settings = uow, settings

    def renderers(self) -> Mapping[str, Renderer]:
        """What attachments can be made of."""
        return {PICTURE: self._rendered}

    async def keep(
        self, channel: str, address: str, picture: Picture, *, language: str, request_id: str
    ) -> int:
        """Keep a picture until its bill is known; the repeat of a request gives the same id."""
        async with self._uow.write() as tx:
            fresh = await tx.insert_new(
                payment_proofs,
                channel=channel,
                address=address,
                language=language,
                state=ProofState.DRAFT,
                media_type=picture.media_type,
                sha256=hashlib.sha256(picture.content).hexdigest(),
                request_id=request_id,
                sent_at=tx.now,
            )
            this = select(payment_proofs.c.id).where(payment_proofs.c.request_id == request_id)
            proof_id = int(await tx.scalar(this))
            if fresh:
                await tx.execute(proof_pictures.insert().values(proof_id=proof_id, content=picture.content))
        return proof_id

    async def submit(self, proof_id: int, customer_id: int, invoice_number: str) -> Submission:
        """Hand a kept picture to staff for a bill; repeating is harmless. Raises `NotFound` (`proof`, `invoice`)."""
        async with self._uow.write() as tx:
            row = await self._locked(tx, proof_id)
            bill = await tx.first(
                select(invoices).where(
                    invoices.c.number == invoice_number, invoices.c.customer_id == customer_id
                )
            )
            if bill is None:
                raise NotFound("invoice")
            if row.state != ProofState.DRAFT:
                return Submitted(proof_id)
            if bill.status == InvoiceStatus.PAID:
                return NothingOwed()
            twin = select(payment_proofs.c.id).where(
                payment_proofs.c.invoice_id == bill.id,
                payment_proofs.c.sha256 == row.sha256,
                payment_proofs.c.state == ProofState.WAITING,
            )
            if (seen := await tx.scalar(twin)) is not None:
                return SeenBefore(int(seen))
            await _set(tx, proof_id, invoice_id=bill.id, state=ProofState.WAITING, sent_at=tx.now)
            await self._tell_staff(tx, proof_id, row.sha256)
        log.info("proof_submitted", proof_id=proof_id)
        return Submitted(proof_id)

    async def waiting(self) -> tuple[Proof, ...]:
        """What staff have to look at, oldest first."""
        async with self._uow.read() as tx:
            of_state = payment_proofs.c.state == ProofState.WAITING
            rows = await tx.all(
                _listed.where(of_state).order_by(payment_proofs.c.sent_at).limit(_MOST_LISTED)
            )
        return tuple(map(_proof, rows))

    async def proof(self, proof_id: int) -> Proof:
        """Raises `NotFound("proof")`."""
        async with self._uow.read() as tx:
            return await _shown(tx, proof_id)

    async def confirm(self, proof_id: int, member: StaffMember) -> Decision:
        """Book what the bill still asks for, once however often it is tapped; the receipt follows by itself.

        Other pictures for the same bill need no look any more. Raises `Forbidden("not_staff")`, `NotFound("proof")`.
        """
        _allowed(member)
        async with self._uow.write() as tx:
            # The bill first: two who confirm two pictures of one bill would each wait for the other's.
            bill_id = await tx.scalar(
                select(payment_proofs.c.invoice_id).where(payment_proofs.c.id == proof_id)
            )
            invoice = await tx.first(numbered([bill_id] if bill_id else []))
            row = await self._locked(tx, proof_id)
            if row.state != ProofState.WAITING:
                return await self._decided_before(tx, row, member)
            if invoice is None:
                raise NotFound("proof")
            payment = Payment(member.actor, _reference(proof_id))
            paid = await settle_and_follow_up(tx, self._settings, invoice, payment)
            if not isinstance(paid, Settled):
                await self._decide(tx, row, member, ProofState.NEEDLESS)
                await self._tell_customer(tx, row, "proofs.needless", invoice)
                return NothingOwed()
            await self._decide(tx, row, member, ProofState.CONFIRMED)
            others = (
                payment_proofs.c.invoice_id == row.invoice_id,
                payment_proofs.c.state == ProofState.WAITING,
            )
            if not paid.rest:
                needless = {"state": ProofState.NEEDLESS, "decided_at": tx.now, "decided_by": member.actor}
                await tx.execute(payment_proofs.update().where(*others).values(needless))
        return Confirmed(paid.amount)

    async def reject(self, proof_id: int, member: StaffMember, reason: str | Message) -> Decision:
        """Tell the customer what is missing, a reason of ours in their language; nothing is booked.

        Raises `Forbidden("not_staff")`, `NotFound("proof")`.
        """
        _allowed(member)
        async with self._uow.write() as tx:
            row = await self._locked(tx, proof_id)
            if row.state != ProofState.WAITING:
                return await self._decided_before(tx, row, member)
            invoice = await tx.first(select(invoices).where(invoices.c.id == row.invoice_id))
            kept, told = (_spelled(reason, each) for each in (self._settings.language, _language_of(row)))
            await self._decide(tx, row, member, ProofState.REJECTED, reason=kept)
            await self._tell_customer(tx, row, "proofs.rejected", invoice, reason=told)
        return Rejected()

    async def purge(self) -> int:
        """Forget drafts and what was decided long ago; returns how many."""
        async with self._uow.write() as tx:
            removed = 0
            for states, memory in (
                ((ProofState.DRAFT,), _DRAFTS),
                ((ProofState.CONFIRMED, ProofState.REJECTED, ProofState.NEEDLESS), _DECIDED),
            ):
                old = (payment_proofs.c.state.in_(states), payment_proofs.c.sent_at < tx.now - memory)
                gone = select(payment_proofs.c.id).where(*old).limit(500)
                await tx.execute(proof_pictures.delete().where(proof_pictures.c.proof_id.in_(gone)))
                removed += await tx.execute(payment_proofs.delete().where(payment_proofs.c.id.in_(gone)))
            return removed

    async def _rendered(self, args: Mapping[str, int | str]) -> File:
        async with self._uow.read() as tx:
            row = await tx.first(
                select(proof_pictures.c.content, payment_proofs.c.media_type)
                .join(payment_proofs, payment_proofs.c.id == proof_pictures.c.proof_id)
                .where(payment_proofs.c.id == args["proof_id"])
            )
        if row is None:
            raise NotFound("attachment")
        return File(bytes(row.content), row.media_type)

    async def _locked(self, tx: WriteTx, proof_id: int) -> Row[Any]:
        row = await tx.first(select(payment_proofs).where(payment_proofs.c.id == proof_id).with_for_update())
        if row is None:
            raise NotFound("proof")
        return row

    async def _decided_before(self, tx: WriteTx, row: Row[Any], member: StaffMember) -> Decision:
        """A second tap of the one who confirmed is answered like the first."""
        if row.state == ProofState.CONFIRMED and row.decided_by == member.actor:
            booked = (payments.c.source == member.actor, payments.c.reference == _reference(row.id))
            return Confirmed(int(await tx.scalar(select(payments.c.amount).where(*booked))))
        decider = (row.decided_by or "").removeprefix("staff:")
        who = await staff.member(tx, int(decider)) if decider.isdigit() else None
        return DecidedBefore(ProofState(row.state), who.name if who else "")

    async def _decide(
        self, tx: WriteTx, row: Row[Any], member: StaffMember, state: ProofState, *, reason: str | None = None
    ) -> None:
        await _set(tx, row.id, state=state, decided_at=tx.now, decided_by=member.actor, reason=reason)
        await audit.record(
            tx, actor=member.actor, action=f"proof.{state}", subject=f"proof:{row.id}", details={}
        )

    async def _tell_staff(self, tx: WriteTx, proof_id: int, sha256: str) -> None:
        """With the picture beside it, so that one look and one tap are enough; one that was shown before is said to be."""
        found, language = await _shown(tx, proof_id), self._settings.language
        words = [
            i18n.text(key, language, number=proof_id) for key in ("proofs.confirm_word", "proofs.reject_word")
        ]
        before = await _shown_before(tx, proof_id, sha256)
        again = "" if before is None else "\n" + i18n.text("proofs.same_picture", language, number=before)
        await staff.tell(
            tx,
            self._settings,
            permission=Permission.PAYMENTS,
            text=i18n.text(
                "proofs.waits",
                language,
                number=proof_id,
                who=found.customer,
                service=found.service_number,
                invoice=found.invoice,
                period=Month(found.year, found.month),
                amount=Rupiah(found.owed),
            )
            + again,
            key=f"proof-{proof_id}",
            choices=tuple(Choice(f"say:{word}", word) for word in words),
            attachment=attachment_of(found),
        )

    async def _tell_customer(
        self, tx: WriteTx, row: Row[Any], key: str, invoice: Row[Any] | None, **args: Argument
    ) -> None:
        period = Month(invoice.year, invoice.month) if invoice else ""
        await send_text(
            tx,
            channel="whatsapp" if row.channel in PHONE_CHANNELS else row.channel,
            to=row.address,
            text=i18n.text(key, _language_of(row), period=period, **args),
            key=f"proof-{row.id}-decided",
            priority=Priority.REPLY,
        )


def attachment_of(proof: Proof) -> Attachment:
    """The picture of a proof, made when it is sent."""
    return Attachment(
        "image" if proof.media_type.startswith("image/") else "document",
        f"bukti-{proof.id}.{_SUFFIXES[proof.media_type]}",
        PICTURE,
        {"proof_id": proof.id},
    )


def _language_of(row: Row[Any]) -> Language:
    """The sender's."""
    return "en" if row.language == "en" else "id"


def _spelled(reason: str | Message, language: Language) -> str:
    words = reason if isinstance(reason, str) else reason.render(language)
    return words[:LONGEST_REASON]


def _reference(proof_id: int) -> str:
    """What its payment is called."""
    return f"proof:{proof_id}"


def _allowed(member: StaffMember) -> None:
    if not member.may(Permission.PAYMENTS):
        raise Forbidden("not_staff")


async def _shown(tx: ReadTx, proof_id: int) -> Proof:
    row = await tx.first(_listed.where(payment_proofs.c.id == proof_id))
    if row is None:
        raise NotFound("proof")
    return _proof(row)


def _proof(row: Row[Any]) -> Proof:
    return Proof(
        id=row.id,
        state=ProofState(row.state),
        customer=row.name,
        service_number=row.service_number,
        invoice=row.number,
        year=row.year,
        month=row.month,
        owed=row.owed,
        media_type=row.media_type,
        sent_at=row.sent_at,
    )


async def _shown_before(tx: ReadTx, proof_id: int, sha256: str) -> int | None:
    """The latest proof with the very same picture that was taken for money, or may be."""
    taken = payment_proofs.c.state.in_([ProofState.WAITING, ProofState.CONFIRMED])
    same = (payment_proofs.c.sha256 == sha256, payment_proofs.c.id != proof_id, taken)
    found: int | None = await tx.scalar(select(func.max(payment_proofs.c.id)).where(*same))
    return found


async def _set(tx: WriteTx, proof_id: int, **values: object) -> None:
    await tx.execute(payment_proofs.update().where(payment_proofs.c.id == proof_id).values(**values))
