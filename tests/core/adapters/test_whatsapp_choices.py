"""Choices as buttons, as a list or as numbered lines."""

import pytest

from core.adapters.whatsapp.json_values import JsonObject
from core.adapters.whatsapp.payload import payload_of
from core.messaging.ports import Choice, OutgoingText


def offered(*labels: str, text: str = "Pilih", interactive: bool = True, markup: bool = False) -> JsonObject:
    choices = tuple(Choice(id=f"c{number}", label=label) for number, label in enumerate(labels, start=1))
    return payload_of(
        OutgoingText(to="628123", text=text, choices=choices, markup=markup), interactive=interactive
    )


def test_three_choices_are_buttons_and_the_text_gets_no_numbers() -> None:
    assert offered("Tagihan", "Bayar", "Petugas") == {
        "action": "send",
        "interactive": {
            "type": "buttons",
            "text": "Pilih",
            "buttons": [
                {"id": "c1", "text": "Tagihan"},
                {"id": "c2", "text": "Bayar"},
                {"id": "c3", "text": "Petugas"},
            ],
        },
    }


def test_long_button_title_is_cut_to_twenty_characters() -> None:
    interactive = offered("Bicara dengan petugas kami")["interactive"]

    assert isinstance(interactive, dict)
    assert interactive["buttons"] == [{"id": "c1", "text": "Bicara dengan petug…"}]
    assert len("Bicara dengan petug…") == 20


def test_four_to_ten_choices_are_a_list_whose_cut_titles_are_explained() -> None:
    labels = [f"Pilihan {number}" for number in range(9)]

    interactive = offered(*labels, "Layanan 28900002 · Siti Rahma (Warung)")["interactive"]

    assert isinstance(interactive, dict)
    assert (interactive["type"], interactive["text"], interactive["buttonText"]) == ("list", "Pilih", "Menu")
    rows = interactive["sections"][0]["rows"]
    assert len(rows) == 10
    assert rows[0] == {"id": "c1", "title": "Pilihan 0"}
    assert rows[9] == {
        "id": "c10",
        "title": "Layanan 28900002 · Siti…",
        "description": "Layanan 28900002 · Siti Rahma (Warung)",
    }


def test_more_than_ten_choices_are_numbered_lines() -> None:
    payload = offered(*[f"P{number}" for number in range(1, 12)])

    lines = "\n".join(f"{number}. P{number}" for number in range(1, 12))
    assert payload == {"action": "send", "text": f"Pilih\n\n{lines}"}


def test_choices_that_look_the_same_when_cut_are_not_made_buttons() -> None:
    interactive = offered("Internet rumah Bandung 1", "Internet rumah Bandung 2")["interactive"]

    assert isinstance(interactive, dict)
    assert interactive["type"] == "list"


def test_gateway_without_buttons_gets_numbered_lines() -> None:
    assert offered("Ya", "Tidak", interactive=False) == {"action": "send", "text": "Pilih\n\n1. Ya\n2. Tidak"}


def test_menu_the_text_already_shows_is_not_repeated() -> None:
    payload = offered("Ya", "Tidak", text="Pilih\n1. Ya\n2. Tidak", interactive=False)

    assert payload["text"] == "Pilih\n1. Ya\n2. Tidak"


@pytest.mark.parametrize("text", ['{"text":"Halo"}', "[[wa]]\nHalo\n[[/wa]]"])
def test_choices_join_a_markup_text_that_has_none(text: str) -> None:
    assert offered("Ya", text=text, markup=True)["interactive"] == {
        "type": "buttons",
        "text": "Halo",
        "buttons": [{"id": "c1", "text": "Ya"}],
    }


def test_buttons_written_by_staff_win_over_choices() -> None:
    interactive = offered("Ya", text="[[wa]]\nHalo\nbutton=x|X\n[[/wa]]", markup=True)["interactive"]

    assert interactive == {"type": "buttons", "text": "Halo", "buttons": [{"id": "x", "text": "X"}]}
