"""Reads of partners' products, inquiries and transactions, and how their rows become what callers see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, bindparam, literal_column, or_, select

from core.customers.tables import customers
from core.partners.codes import Code
from core.partners.tables import (
    partner_blocks,
    partner_inquiries,
    partner_maintenance,
    partner_products,
    partner_transactions,
    partners,
)
from core.partners.types import BillItem, Inquiry, PartnerKey, Product, State, Transaction
from core.platform.errors import NotFound
from core.platform.prepared import Prepared
from core.platform.uow import ReadTx, WriteTx

_product, _inquiry, _transaction = partner_products.c, partner_inquiries.c, partner_transactions.c

_INQUIRY_COLUMNS = (
    _inquiry.id.label("inquiry"),
    _inquiry.customer_id,
    _inquiry.account_number,
    _inquiry.customer_name,
    _inquiry.bills,
    _inquiry.admin,
    _inquiry.processing_fee.label("fee"),
    _inquiry.amount,
    _inquiry.month,
    _inquiry.is_used,
    _inquiry.created_at,
)
_PRODUCT_COLUMNS = tuple(column.label(f"product_{column.name}") for column in partner_products.c)

_inquiries: Select[Any] = select(*_INQUIRY_COLUMNS, *_PRODUCT_COLUMNS).join(
    partner_products, _product.id == _inquiry.product_id
)

#: Transactions with the inquiry and the product they pay.
transactions: Select[Any] = (
    select(partner_transactions, *_INQUIRY_COLUMNS, *_PRODUCT_COLUMNS)
    .join(partner_inquiries, _inquiry.id == _transaction.inquiry_id)
    .join(partner_products, _product.id == _inquiry.product_id)
)


_window = partner_maintenance.c
_now = bindparam("now", type_=_window.ends_at.type)
_in_maintenance = (
    select(literal_column("1"))
    .where(
        or_(_window.partner_id.is_(None), _window.partner_id == bindparam("partner_id")),
        _window.ends_at > _now,
        _window.starts_at <= _now,
    )
    .exists()
)
_PRODUCT_OF = Prepared(
    select(
        partner_products,
        _in_maintenance.label("is_in_maintenance"),
        partners.c.masks_names,
        partners.c.max_arrears,
        partners.c.rejects_arrears,
        partners.c.callback_hosts,
        partners.c.callback_ports,
    )
    .join(partners, partners.c.id == _product.partner_id)
    .where(_product.partner_id == bindparam("partner_id"), _product.code == bindparam("code"))
)
_LOCKED_INQUIRY = Prepared(
    _inquiries.add_columns(customers.c.service_number, partner_blocks.c.kind.label("block"))
    .outerjoin(customers, customers.c.id == _inquiry.customer_id)
    .outerjoin(partner_blocks, partner_blocks.c.customer_id == _inquiry.customer_id)
    .where(_inquiry.id == bindparam("inquiry_id"), _inquiry.partner_id == bindparam("partner_id"))
    .with_for_update(of=partner_inquiries)
)
_BY_REFERENCE = Prepared(
    transactions.where(
        _transaction.partner_id == bindparam("partner_id"),
        _transaction.ref_number == bindparam("ref_number"),
    )
)
_BY_ID = Prepared(transactions.where(_transaction.id == bindparam("transaction_id")))
_HELD = Prepared(
    transactions.where(_transaction.id == bindparam("transaction_id")).with_for_update(
        of=partner_transactions
    )
)


def _first(rows: Sequence[Row[Any]]) -> Row[Any] | None:
    return rows[0] if rows else None


async def partner_id_of(tx: ReadTx, code: str) -> int:
    """Raises `NotFound("partner")`."""
    found = await tx.scalar(select(partners.c.id).where(partners.c.code == code))
    if found is None:
        raise NotFound("partner")
    return int(found)


async def product_of(tx: ReadTx, key: PartnerKey, code: str) -> Row[Any] | None:
    """A product the key may sell, with its partner's terms and whether an announced maintenance is going on."""
    if key.products is not None and code not in key.products:
        return None
    return _first(await tx.rows(_PRODUCT_OF, partner_id=key.partner_id, code=code, now=tx.now))


async def locked_inquiry(tx: ReadTx, partner_id: int, inquiry_id: int) -> Row[Any] | None:
    """An inquiry of this partner and whose it is, held until commit: of two payments for it, one waits for the other."""
    return _first(await tx.rows(_LOCKED_INQUIRY, inquiry_id=inquiry_id, partner_id=partner_id))


async def by_reference(tx: ReadTx, partner_id: int, ref_number: str) -> Row[Any] | None:
    """The transaction a partner calls by this name."""
    return _first(await tx.rows(_BY_REFERENCE, partner_id=partner_id, ref_number=ref_number))


async def by_id(tx: ReadTx, transaction_id: int) -> Row[Any] | None:
    return _first(await tx.rows(_BY_ID, transaction_id=transaction_id))


async def held(tx: WriteTx, transaction_id: int) -> Row[Any] | None:
    """The transaction, locked until commit: two workers cannot both end it."""
    return _first(await tx.rows(_HELD, transaction_id=transaction_id))


def as_product(row: Row[Any]) -> Product:
    """A row of the table itself."""
    return Product(
        row.id,
        row.code,
        row.name,
        row.description,
        row.logo,
        row.biller,
        row.category,
        row.is_sandbox,
        row.is_active,
        row.admin_fee,
        row.processing_fee,
        row.admin_per,
        row.max_amount,
    )


def as_inquiry(row: Row[Any]) -> Inquiry:
    """A row of a joined read."""
    return Inquiry(
        row.inquiry,
        row.account_number,
        row.customer_name,
        _joined_product(row),
        as_bills(row.bills),
        row.admin,
        row.fee,
        row.amount,
        row.month,
        row.created_at,
    )


def as_bills(stored: list[list[int]]) -> tuple[BillItem, ...]:
    return tuple(BillItem(*each) for each in stored)


def _joined_product(row: Row[Any]) -> Product:
    return Product(
        row.product_id,
        row.product_code,
        row.product_name,
        row.product_description,
        row.product_logo,
        row.product_biller,
        row.product_category,
        row.product_is_sandbox,
        row.product_is_active,
        row.product_admin_fee,
        row.product_processing_fee,
        row.product_admin_per,
        row.product_max_amount,
    )


def as_transaction(row: Row[Any]) -> Transaction:
    """A row of `transactions`."""
    return Transaction(
        row.id,
        row.ref_number,
        State(row.state),
        Code(row.response),
        row.token or "",
        as_inquiry(row),
        row.accepted_at,
        row.settled_at,
    )
