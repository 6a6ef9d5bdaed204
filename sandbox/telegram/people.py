"""Whose phones can be picked up, and the Telegram account behind each."""

import hashlib
import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from sandbox.telegram.objects import User

PHONE = r"^[1-9][0-9]{5,14}\Z"
MAX_PEOPLE = 200


class Person(Struct, frozen=True):
    """`phone` in digits with the country code; `note` is for the tester's eyes, `language_code` is their app's."""

    phone: str
    name: str
    note: str = ""
    language_code: str = "id"

    @property
    def id(self) -> int:
        """The same after a restart, so that a chat id Loket has stored still finds its phone; beyond 32 bits, as many are."""
        digest = hashlib.sha256(f"telegram {self.phone}".encode()).digest()
        return 5_000_000_000 + int.from_bytes(digest[:4], "big")

    @property
    def user(self) -> User:
        first, _, last = self.name.partition(" ")
        return User(
            self.id,
            is_bot=False,
            first_name=first or "Tanpa nama",
            last_name=last or None,
            language_code=self.language_code,
        )


def normalise_phone(typed: str) -> str | None:
    """Digits with the country code for anything a person would type (`0812…`, `+62 812-…`), or None."""
    digits = re.sub(r"[\s().+-]", "", typed)
    if digits.startswith("0"):
        digits = "62" + digits[1:]
    return digits if re.match(PHONE, digits) else None


class People:
    """The demo people, who stay, and up to `MAX_PEOPLE` added later, of whom the oldest give way."""

    def __init__(self, people: Sequence[Person]) -> None:
        self._lasting = {person.id: person for person in people}
        self._added: dict[int, Person] = {}

    def __iter__(self) -> Iterator[Person]:
        yield from self._lasting.values()
        yield from self._added.values()

    def find(self, user_id: int) -> Person | None:
        return self._lasting.get(user_id) or self._added.get(user_id)

    def with_phone(self, phone: str) -> Person | None:
        return self.find(Person(phone, "").id)

    def add(self, person: Person) -> Person:
        """Add somebody; who is there already stays as they are."""
        if known := self.find(person.id):
            return known
        self._added[person.id] = person
        while len(self._added) > MAX_PEOPLE:
            del self._added[next(iter(self._added))]
        return person
