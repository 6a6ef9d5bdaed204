"""Facts picked out of free text."""

import pytest

from conversations.understanding import Entities, understand


@pytest.mark.parametrize(
    ("text", "entities"),
    [
        ("tiket 261122001 udah diproses?", Entities(ticket="261122001")),
        ("laporan saya yang 261121004 gimana", Entities(ticket="261121004")),
        ("bayar tagihan 230130001", Entities(invoice="230130001")),
        ("invoice inv-2401-001 itu apa", Entities(invoice="INV-2401-001")),
        ("cek tagihan isp00123", Entities(service_number="ISP00123")),
        ("id pelanggan 28900001", Entities(service_number="28900001")),
        ("nomor layanan 6221000123", Entities(service_number="6221000123")),
        ("udah tf 350rb bulan januari 2024", Entities(amount=350_000, month=(1, 2024))),
        ("saya sudah bayar Rp 1,5 jt", Entities(amount=1_500_000)),
        ("ganti nomor ke 0812-3456-789", Entities(phone="628123456789")),
        ("ganti nomor ke +62 812 0000 0001 ya", Entities(phone="6281200000001")),
        ("mau upgrade ke 100 mbps", Entities()),
        ("tagihan bulan ini berapa", Entities()),
    ],
)
def test_facts_are_told_apart_by_shape_and_neighbouring_words(text: str, entities: Entities) -> None:
    assert understand(text).entities == entities


def test_one_text_may_name_several_facts() -> None:
    found = understand("28900002 tagihan januari 300.000 hp 081200000001").entities
    assert found == Entities(
        service_number="28900002", month=(1, None), amount=300_000, phone="6281200000001"
    )
