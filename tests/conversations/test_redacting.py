"""What is kept of texts that nobody understood tells nobody's name, number or address."""

from __future__ import annotations

import pytest

from conversations.redacting import redacted


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Nomor saya 0812-3456-789 ya", "nomor saya 0000-0000-000 ya"),
        ("kirim ke budi@example.com dong", "kirim ke (link) dong"),
        ("atas nama Toni Wijaya\ntolong", "atas nama (name)"),
        ("pak wifi saya aneh", "pak wifi saya aneh"),
        ("pak Slamet itu gimana", "pak (name) itu gimana"),
        ("rumah di Jl. Melati no 5, depan masjid", "rumah di jl (place), depan masjid"),
        ("https://wa.me/62812 apa ini", "(link) apa ini"),
        ("٠٨١٢٣", "00000"),
    ],
)
def test_names_numbers_and_addresses_are_taken_out(text: str, kept: str) -> None:
    assert redacted(text) == kept
