"""The shapes MyWifi clients are answered with; field names, their order and types are the contract's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal

from msgspec import UNSET, Struct, UnsetType

Success = Literal["success"]


class StatusMessage(Struct, frozen=True):
    """An outcome that clients tell apart by `status`."""

    status: str
    message: str


class Invalidity(Struct, frozen=True, kw_only=True):
    """Everything that is wrong with a request, by field."""

    message: Literal["The given data was invalid."] = "The given data was invalid."
    errors: dict[str, list[str]]


class KeyMessage(Struct, frozen=True):
    """An outcome for callers with an API key."""

    status: bool
    message: str


# -- Accounts


class User(Struct, frozen=True):
    """A login with the person behind it. `phone` is the full number, `phonecode` its calling code."""

    uid: str
    name: str
    email: str | None
    phone: int | None
    phonecode: int | None
    address: str | None
    image: str
    is_active: bool
    gender: str | None
    role_name: str


class Token(Struct, frozen=True, kw_only=True):
    """A fresh token; `expires_in` is seconds."""

    token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the name of a scheme
    expires_in: int
    data: User


class CodeSent(Struct, frozen=True, kw_only=True):
    """A one-time code is on its way to the masked number. `otp` comes only in test environments that ask for it."""

    status: Success = "success"
    message: Literal["Kode OTP berhasil dibuat."] = "Kode OTP berhasil dibuat."
    destination: str
    otp: str | UnsetType = UNSET


# -- Catalogue


class Named(Struct, frozen=True):
    id: int
    name: str


class RegionList(Struct, frozen=True, kw_only=True):
    status: Success = "success"
    message: Literal["Data perusahaan ditemukan."] = "Data perusahaan ditemukan."
    data: tuple[Named, ...]


class Package(Struct, frozen=True, kw_only=True):
    """A plan on sale; `public` and `is_active` are 1, not true."""

    id: int
    name: str
    price: int
    description: str
    category_id: int
    category: Named
    public: Literal[1] = 1
    is_active: Literal[1] = 1
    company_id: int


class PackageList(Struct, frozen=True, kw_only=True):
    status: Success = "success"
    message: Literal["Data paket ditemukan."] = "Data paket ditemukan."
    data: tuple[Package, ...]


# -- Customers


class PackageName(Struct, frozen=True):
    name: str
    description: str


class SubscribedService(Struct, frozen=True):
    qty: int
    price: int
    total: int
    package: PackageName


class CustomerProfile(Struct, frozen=True):
    uid: str
    name: str
    email: str | None
    phone: int | None
    no_services: str
    address: str | None
    address_verified_date: date | None
    register_date: date | None
    activation_date: date | None
    email_verified_date: date | None
    id_card_verified_date: date | None
    id_type_id: int | None
    id_type: str | None
    id_number: str | None
    status: Literal["active", "waiting", "inactive", "free", "isolated"]
    service: SubscribedService | None


class CustomerFound(Struct, frozen=True, kw_only=True):
    status: Success = "success"
    message: Literal["Data pelanggan ditemukan."] = "Data pelanggan ditemukan."
    customer: CustomerProfile


class NewCustomer(Struct, frozen=True):
    no_services: str
    name: str
    email: str | None


class CustomerCreated(Struct, frozen=True, kw_only=True):
    status: Success = "success"
    message: Literal["Pelanggan berhasil dibuat."] = "Pelanggan berhasil dibuat."
    customer: NewCustomer


class AlreadySubscribed(Struct, frozen=True, kw_only=True):
    status: Literal["already_subscribed"] = "already_subscribed"
    message: Literal["Pengguna sudah terdaftar sebagai pelanggan."] = (
        "Pengguna sudah terdaftar sebagai pelanggan."
    )
    no_services: str


class IdTypeList(Struct, frozen=True, kw_only=True):
    status: Success = "success"
    message: Literal["Identification types retrieved."] = "Identification types retrieved."
    id_types: tuple[Named, ...]


class IdCard(Struct, frozen=True):
    id_type_id: int
    id_type: str
    id_number: str


class IdCardChanged(Struct, frozen=True, kw_only=True):
    status: Success = "success"
    message: Literal["Identification updated."] = "Identification updated."
    customer: IdCard


class Email(Struct, frozen=True):
    email: str


class EmailChanged(Struct, frozen=True, kw_only=True):
    status: Success = "success"
    message: Literal["Email berhasil diperbarui."] = "Email berhasil diperbarui."
    customer: Email


class Address(Struct, frozen=True):
    address: str


class AddressChanged(Struct, frozen=True, kw_only=True):
    status: Success = "success"
    message: Literal["Alamat berhasil diperbarui."] = "Alamat berhasil diperbarui."
    customer: Address


class Phone(Struct, frozen=True):
    """`phone` is the national part."""

    phonecode: int
    phone: int


class PhoneChanged(Struct, frozen=True, kw_only=True):
    status: Success = "success"
    message: Literal["Nomor telepon berhasil diperbarui."] = "Nomor telepon berhasil diperbarui."
    customer: Phone


# -- Help desk


class CustomerHead(Struct, frozen=True):
    name: str
    no_services: str
    email: str | None


class HelpName(Struct, frozen=True):
    name: str


class HelpTicket(Struct, frozen=True):
    id: int
    no_ticket: str
    no_services: str
    description: str
    status: Literal["pending", "process", "closed"]
    date_help: date
    created_at: str
    help_type: HelpName
    help_solution: HelpName


class HelpList(Struct, frozen=True, kw_only=True):
    status: Success = "success"
    message: Literal["Data bantuan ditemukan."] = "Data bantuan ditemukan."
    customer: CustomerHead
    data: tuple[HelpTicket, ...]


class Solution(Struct, frozen=True):
    """`solution` is sanitised HTML; `help_id` is the help type it belongs to."""

    id: int
    name: str
    solution: str
    help_id: int


class HelpOptions(Struct, frozen=True, kw_only=True):
    status: Success = "success"
    message: Literal["Daftar tipe dan solusi bantuan."] = "Daftar tipe dan solusi bantuan."
    help_types: tuple[Named, ...]
    help_solutions: tuple[Solution, ...]


class OpenedTicket(Struct, frozen=True):
    id: int
    no_ticket: str
    help_type: HelpName
    help_solution: HelpName
    description: str
    status: Literal["pending", "process", "closed"]
    date_help: date


class HelpCreated(Struct, frozen=True, kw_only=True):
    status: Success = "success"
    message: Literal["Tiket bantuan berhasil dibuat."] = "Tiket bantuan berhasil dibuat."
    data: OpenedTicket


class TicketName(Struct, frozen=True):
    id: int
    no_ticket: str


class TimelineEntry(Struct, frozen=True):
    """`teknisi` is who did it, `updated_at` is `YYYY-MM-DD HH:MM:SS` in the business's zone."""

    remark: str
    status: Literal["pending", "process", "closed"]
    teknisi: str
    updated_at: str


class HelpTimeline(Struct, frozen=True, kw_only=True):
    status: Success = "success"
    message: Literal["Timeline tiket bantuan ditemukan."] = "Timeline tiket bantuan ditemukan."
    ticket: TicketName
    data: tuple[TimelineEntry, ...]


class ClosingEntry(Struct, frozen=True):
    remark: str
    status: Literal["pending", "process", "closed"]
    teknisi: str
    action: str
    updated_at: str


class HelpClosed(Struct, frozen=True, kw_only=True):
    status: Success = "success"
    message: Literal["Tiket bantuan telah ditutup."] = "Tiket bantuan telah ditutup."
    ticket: TicketName
    timeline: ClosingEntry


# -- Invoices


class InvoiceDetail(Struct, frozen=True):
    name: str
    price: int
    qty: int
    disc: int
    total: int


class CustomerInvoice(Struct, frozen=True):
    """`payment_codes` says what to type at which channel; it is empty when there is nothing to pay."""

    invoice: str
    month: int
    year: int
    status: Literal["unpaid", "paid"]
    due_date: date
    amount: int
    tax: int
    discount: int
    period: str
    payment_codes: Mapping[str, str]
    details: tuple[InvoiceDetail, ...]


class InvoiceList(Struct, frozen=True, kw_only=True):
    status: Success = "success"
    message: Literal["Data tagihan ditemukan."] = "Data tagihan ditemukan."
    customer: CustomerHead
    data: tuple[CustomerInvoice, ...]


class BillDetail(Struct, frozen=True):
    price: int
    qty: int
    disc: int
    total: int
    name: str
    category: str
    remark: str


class BilledInvoice(Struct, frozen=True):
    """`invoice` is a number when its stored number is all digits, else a string (mywifi contract §11.2)."""

    invoice: int | str
    month: int
    year: int
    period: str
    name: str
    no_services: str
    amount: int
    status: Literal["BELUM BAYAR", "SUDAH BAYAR"]
    due_date: date
    isolir_date: date
    payment_date: date | None
    detail: tuple[BillDetail, ...]


class BillList(Struct, frozen=True, kw_only=True):
    status: Literal[True] = True
    data: tuple[BilledInvoice, ...]
