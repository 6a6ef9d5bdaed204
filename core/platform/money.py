"""Money: integers in the currency's smallest unit, which for rupiah is the rupiah itself."""

from __future__ import annotations

from babel.numbers import format_currency, format_decimal


def rupiah(amount: int, language: str = "id") -> str:
    """Write an amount as people do: `Rp350.000` in Indonesian, `Rp350,000` in English."""
    locale = "id" if language == "id" else "en"
    return format_currency(amount, "IDR", format="¤#,##0", locale=locale, currency_digits=False).replace(
        "IDR", "Rp"
    )


def counted(amount: int, language: str = "id") -> str:
    """Write an amount without a sign, as it is read out: `350.000 rupiah`."""
    return f"{format_decimal(amount, '#,##0', locale='id' if language == 'id' else 'en')} rupiah"
