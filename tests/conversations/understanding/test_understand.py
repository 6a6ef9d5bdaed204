"""What one text is taken for: intents, doubt, language, and the limits on hostile input."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversations.understanding import CONFIDENT, Intent, understand
from conversations.understanding.lines import label_lines


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("brp tagihan sy bln ini min", Intent.CHECK_BILL),
        ("piro tagihanku", Intent.CHECK_BILL),
        ("sabaraha tagihan", Intent.CHECK_BILL),
        ("how much do I owe", Intent.CHECK_BILL),
        ("mau bayar tagihan", Intent.PAY_BILL),
        ("udah transfer ya kak", Intent.PAYMENT_PROOF),
        ("wis tak bayar", Intent.PAYMENT_PROOF),
        ("lupa password", Intent.RESET_PASSWORD),
        ("wifi mati dr tadi siang, gmn sih", Intent.REPORT_PROBLEM),
        ("internet mati kok suwe", Intent.REPORT_PROBLEM),
        ("teu tiasa internetan", Intent.REPORT_PROBLEM),
        ("los merah", Intent.REPORT_PROBLEM),
        ("tiket 261122001 udah sampe mana", Intent.TICKET_STATUS),
        ("is my internet on?", Intent.CHECK_CONNECTION),
        ("kuota saya tinggal berapa", Intent.CHECK_USAGE),
        ("ada paket apa aja", Intent.PACKAGES),
        ("paket internet di bandung", Intent.PACKAGES),
        ("riwayat pembayaran", Intent.PAYMENT_PROOF),
        ("payment history", Intent.PAYMENT_PROOF),
        ("mau pasang wifi baru", Intent.SUBSCRIBE),
        ("mau ngomong sm orang aja", Intent.HUMAN),
        ("ganti nomor hp", Intent.PROFILE),
        ("assalamualaikum", Intent.MENU),
        ("batal", Intent.CANCEL),
        ("english please", Intent.LANGUAGE),
        ("makasih kak", Intent.THANKS),
    ],
)
def test_everyday_texts_start_the_right_flow_without_asking(text: str, intent: Intent) -> None:
    understood = understand(text)
    assert (understood.intent, understood.confident) == (intent, True)


@pytest.mark.parametrize(
    "text",
    [
        "harga emas hari ini?",
        "siapa presiden",
        "pesan gofood",
        "lupa password facebook",
        "tagihan listrik saya berapa",
        "asdfghjkl",
        "",
        "🤷",
    ],
)
def test_questions_for_somebody_else_are_never_confident(text: str) -> None:
    understood = understand(text)
    assert understood.intent is Intent.UNKNOWN
    assert not understood.confident


@pytest.mark.parametrize(
    "text",
    [
        "TAGIHAN SAYA BERAPA",
        "tagihaaaan saya berapaaaa",
        "tgihan sy brp",
        "tghn sy brp",
        "cektagihan",
        "cek...tagihan!!!🙏🙏",
        "cek t\u0301agihan",
        "ｃｅｋ ｔａｇｉｈａｎ",
    ],
)
def test_spelling_does_not_hide_the_bill(text: str) -> None:
    assert understand(text).intent is Intent.CHECK_BILL


def test_stop_alone_opts_out_but_stopping_a_payment_does_not() -> None:
    assert understand("STOP").intent is Intent.OPT_OUT
    assert understand("berhenti").intent is Intent.OPT_OUT
    assert understand("stop dulu, ga jadi bayar").intent is not Intent.OPT_OUT


def test_thanks_with_a_complaint_is_a_complaint() -> None:
    assert understand("makasih kak tapi wifi masih mati").intent is Intent.REPORT_PROBLEM


def test_a_greeting_before_the_question_does_not_hide_it() -> None:
    assert understand("halo, mau tanya tagihan").intent is Intent.CHECK_BILL
    assert understand("selamat pagi kak, wifi saya mati").intent is Intent.REPORT_PROBLEM
    assert understand("halo, saya mau tanya").intent is Intent.MENU


def test_leaving_for_good_is_for_a_person_and_asked_about_first() -> None:
    understood = understand("mau berhenti langganan")
    assert understood.intent is not Intent.OPT_OUT
    assert not (understood.confident and understood.intent is not Intent.HUMAN)


def test_dead_line_of_somebody_who_paid_is_a_problem_with_payment_as_the_next_guess() -> None:
    understood = understand("internet mati padahal udah bayar")
    assert understood.intent is Intent.REPORT_PROBLEM
    assert Intent.PAYMENT_PROOF in understood.guesses


def test_unclear_text_offers_at_most_three_guesses_and_none_of_them_unknown() -> None:
    understood = understand("gan yg kmrn itu jadinya gmn")
    assert not understood.confident
    assert len(understood.guesses) <= 3
    assert Intent.UNKNOWN not in understood.guesses


def test_confidence_and_guesses_agree_with_the_intent() -> None:
    understood = understand("cek tagihan")
    assert understood.guesses[0] is understood.intent
    assert CONFIDENT <= understood.confidence <= 1


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("my internet is slow", "en"),
        ("internet saya lemot", "id"),
        ("wifine mati mas", "id"),
        ("28900001", None),
    ],
)
def test_language_shows_in_the_words(text: str, language: str | None) -> None:
    assert understand(text).language == language


@pytest.mark.parametrize(
    "text",
    [
        "internet saya mati " * 6000,
        "a" * 100_000,
        "0812" * 25_000,
        "\u0301" * 100_000,
        "\ufdfa" * 100_000,
        "\x00\x1b[31m\u202e" * 1000,
        "1.1.1.1." * 12_000,
        "ga " * 40_000,
    ],
)
def test_hostile_text_costs_no_more_than_a_few_milliseconds(text: str) -> None:
    understand(text)
    spent = []
    for _ in range(3):
        started = time.perf_counter()
        understand(text)
        spent.append(time.perf_counter() - started)
    assert min(spent) < 0.02


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300))
def test_no_text_is_an_error(text: str) -> None:
    understood = understand(text)
    assert 0 <= understood.confidence <= 1
    assert len(understood.guesses) <= 3


def test_lines_are_labelled_one_for_one_and_empty_ones_passed_over() -> None:
    labelled = list(label_lines(["cek tagihan\n", "\n", "harga emas\r\n"]))
    assert [line.split("\t")[0] for line in labelled] == ["check_bill", "unknown"]
    intent, confidence, text = labelled[0].split("\t")
    assert (intent, text) == ("check_bill", "cek tagihan")
    assert confidence == f"{understand('cek tagihan').confidence:.2f}"
