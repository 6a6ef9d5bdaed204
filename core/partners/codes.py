"""The response codes partners act on, with their words in both languages (bill-partner contract §6)."""

from __future__ import annotations

import enum
from typing import NamedTuple


class Code(enum.IntEnum):
    """Below 100 success, 1xx failed and refunded, 2xx processing, 300 inquiry OK, other 3xx inquiry refused."""

    SUCCESS = 0
    OPERATOR_ISSUE = 100
    DUPLICATE_INQUIRY = 102
    WRONG_ACCOUNT = 103
    INVALID_AMOUNT = 104
    BLOCKED_BY_BILLER = 105
    OVER_MAXIMUM = 106
    DUPLICATE_REFERENCE = 108
    CUT_OFF = 109
    BLOCKED = 112
    AMOUNT_MISMATCH = 114
    SYSTEM_ERROR = 180
    INQUIRY_DOWN = 181
    BAD_REFERENCE = 183
    PRODUCT_OFFLINE = 184
    NO_SUCH_INQUIRY = 185
    NO_SUCH_PRODUCT = 186
    INSUFFICIENT_DEPOSIT = 187
    NO_SUCH_TRANSACTION = 188
    MANUALLY_FAILED = 198
    GENERAL_ERROR = 199
    PROCESSING = 299
    INQUIRY_OK = 300
    TOO_MANY_MONTHS = 301
    ALREADY_PAID = 302
    NO_BILL = 303
    NO_SUCH_ACCOUNT = 304
    MAINTENANCE = 305
    INQUIRY_CUT_OFF = 310
    PRODUCT_UNAVAILABLE = 311
    INQUIRY_EXPIRED = 312
    INQUIRY_MISMATCH = 313
    OVER_LIMIT = 315
    AT_THE_COUNTER = 320
    BAD_REQUEST = 321
    TOO_OFTEN = 330
    INQUIRY_NO_PRODUCT = 341
    UNAUTHORISED = 401
    EXTERNAL_ID_REUSED = 419
    RATE_LIMITED = 429
    FAULT = 500
    UNAVAILABLE = 503
    TIMEOUT = 504

    @property
    def is_success(self) -> bool:
        """What the envelope's `success` says (bill-partner contract §5)."""
        return self < 100 or 200 <= self <= 300


class Words(NamedTuple):
    """A message for people, in both languages."""

    indonesian: str
    english: str


#: Words that a good answer to a report carries.
DONE = Words("Berhasil", "Success")

WORDS = {
    Code.SUCCESS: Words("Transaksi Anda Telah Berhasil", "Your transaction was successful"),
    Code.OPERATOR_ISSUE: Words("Terjadi gangguan pada operator", "Operator issue"),
    Code.DUPLICATE_INQUIRY: Words(
        "Inkuiri ini sudah dipakai transaksi lain", "Duplicate transaction: inquiry in use"
    ),
    Code.WRONG_ACCOUNT: Words("Nomor pelanggan salah", "Wrong account number"),
    Code.INVALID_AMOUNT: Words("Jumlah pembayaran tidak valid", "Invalid amount"),
    Code.BLOCKED_BY_BILLER: Words(
        "Pembayaran diblokir oleh penyedia layanan", "Payment is blocked by the biller"
    ),
    Code.OVER_MAXIMUM: Words("Jumlah melebihi batas maksimum", "Amount is over the maximum"),
    Code.DUPLICATE_REFERENCE: Words(
        "refNumber sudah dipakai dengan isi berbeda", "Duplicate transaction: refNumber in use"
    ),
    Code.CUT_OFF: Words("Sedang dalam waktu cut-off", "Payment during cut-off"),
    Code.BLOCKED: Words("Nomor pelanggan diblokir", "Customer number is blocked"),
    Code.AMOUNT_MISMATCH: Words("Jumlah tidak sesuai dengan tagihan", "Amount does not match the bill"),
    Code.SYSTEM_ERROR: Words("Terjadi kesalahan sistem", "System error"),
    Code.INQUIRY_DOWN: Words("Layanan inkuiri sedang tidak tersedia", "Inquiry service is down"),
    Code.BAD_REFERENCE: Words("refNumber tidak ada atau tidak valid", "refNumber is missing or invalid"),
    Code.PRODUCT_OFFLINE: Words("Produk sedang tidak aktif", "Product is offline"),
    Code.NO_SUCH_INQUIRY: Words("Inkuiri tidak tersedia", "Inquiry is not available"),
    Code.NO_SUCH_PRODUCT: Words("Produk tidak ditemukan", "Product not found"),
    Code.INSUFFICIENT_DEPOSIT: Words("Saldo deposit tidak mencukupi", "Insufficient deposit"),
    Code.NO_SUCH_TRANSACTION: Words("transaksi tidak tersedia", "transaction is not available"),
    Code.MANUALLY_FAILED: Words("Transaksi digagalkan oleh petugas", "Transaction was failed manually"),
    Code.GENERAL_ERROR: Words("Transaksi gagal", "Transaction failed"),
    Code.PROCESSING: Words("Transaksi sedang dalam proses", "Your transaction is processing"),
    Code.INQUIRY_OK: Words("Inkuiri berhasil", "Inquiry is successful"),
    Code.TOO_MANY_MONTHS: Words(
        "Tunggakan melebihi batas, silakan bayar di kantor layanan",
        "Too many unpaid months, please visit our office",
    ),
    Code.ALREADY_PAID: Words("Inkuiri gagal, tagihan sudah dibayar", "Inquiry failed, bill already paid"),
    Code.NO_BILL: Words("Tagihan belum tersedia", "Bill is not available yet"),
    Code.NO_SUCH_ACCOUNT: Words("Periksa nomor Anda lalu coba lagi", "Check your number and try again"),
    Code.MAINTENANCE: Words("Layanan sedang dalam pemeliharaan", "Provider is under maintenance"),
    Code.INQUIRY_CUT_OFF: Words("Sedang dalam waktu cut-off", "Inquiry during cut-off"),
    Code.PRODUCT_UNAVAILABLE: Words("Produk tidak tersedia", "Product is unavailable"),
    Code.INQUIRY_EXPIRED: Words("Inkuiri sudah kedaluwarsa", "Inquiry has expired"),
    Code.INQUIRY_MISMATCH: Words(
        "Data pembayaran berbeda dengan inkuiri", "Payment details differ from the inquiry"
    ),
    Code.OVER_LIMIT: Words("Tagihan melebihi batas", "Bill exceeds the limit"),
    Code.AT_THE_COUNTER: Words(
        "Silakan bayar di loket penyedia layanan", "Please pay at the provider's counter"
    ),
    Code.BAD_REQUEST: Words("Permintaan tidak valid", "Bad request"),
    Code.TOO_OFTEN: Words("Inkuiri berulang dalam 30 menit", "Repeated inquiry within 30 minutes"),
    Code.INQUIRY_NO_PRODUCT: Words("Produk tidak ditemukan", "Product not found"),
    Code.UNAUTHORISED: Words("Tidak berwenang", "Unauthorised"),
    Code.EXTERNAL_ID_REUSED: Words("X-External-Id sudah dipakai", "X-External-Id was used before"),
    Code.RATE_LIMITED: Words("Terlalu banyak permintaan", "Too many requests"),
    Code.FAULT: Words("Terjadi kesalahan pada server", "Server error"),
    Code.UNAVAILABLE: Words("Layanan sedang tidak tersedia", "Service is unavailable"),
    Code.TIMEOUT: Words("Waktu permintaan habis", "Request timed out"),
}
