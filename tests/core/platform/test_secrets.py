"""The keyring: purposes apart, values unambiguous, masters rotated without loss."""

from __future__ import annotations

import pytest

from core.platform.secrets import Keyring

OLD, NEW = "the-former-master-secret-of-32-or-more", "the-newest-master-secret-of-32-or-more"


def test_what_an_old_master_sealed_is_opened_after_the_rotation_and_not_without_it() -> None:
    sealed = Keyring([OLD]).seal("3201010101010001")
    assert Keyring([NEW, OLD]).unseal(sealed) == "3201010101010001"
    assert Keyring([NEW]).unseal(sealed) is None


def test_after_a_rotation_new_values_are_made_with_the_new_master() -> None:
    ring = Keyring([NEW, OLD])
    assert Keyring([NEW]).unseal(ring.seal("x")) == "x"
    assert ring.keyed_hash("code") == Keyring([NEW]).keyed_hash("code") != Keyring([OLD]).keyed_hash("code")


def test_a_derived_key_exists_for_every_master_and_differs_by_purpose() -> None:
    ring = Keyring([NEW, OLD])
    assert ring.derived("token") == (*Keyring([NEW]).derived("token"), *Keyring([OLD]).derived("token"))
    assert len({*ring.derived("token"), *ring.derived("api-key")}) == 4
    assert {len(key) for key in ring.derived("token")} == {32}


def test_parts_are_joined_without_ambiguity() -> None:
    ring = Keyring([NEW])
    assert ring.keyed_hash("ab", "c") != ring.keyed_hash("a", "bc") != ring.keyed_hash("abc")


def test_sealing_twice_gives_two_texts_that_show_nothing() -> None:
    ring = Keyring([NEW])
    first, second = ring.seal("3201010101010001"), ring.seal("3201010101010001")
    assert first != second
    assert "3201" not in first + second


@pytest.mark.parametrize("damage", ["", "x", "gAAAAA"])
def test_a_damaged_value_is_none_and_no_error(damage: str) -> None:
    ring = Keyring([NEW])
    assert ring.unseal(damage) is None
    assert ring.unseal(ring.seal("x")[:-4] + "AAAA") is None


def test_a_keyring_without_masters_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Keyring([])
