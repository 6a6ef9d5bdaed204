"""The address book: whose phones can be picked up, demo customers first."""

import re
from collections.abc import Iterator, Sequence

import msgspec

PHONE = r"^[1-9][0-9]{5,14}\Z"
MAX_CONTACTS = 200


class Contact(msgspec.Struct, frozen=True):
    """A phone that can be picked up: `phone` in digits with the country code, `note` for the tester's eyes."""

    phone: str
    name: str
    note: str


def normalise_phone(typed: str) -> str | None:
    """Digits with the country code for anything a person would type (`0812…`, `+62 812-…`), or None."""
    digits = re.sub(r"[\s().+-]", "", typed)
    if digits.startswith("0"):
        digits = "62" + digits[1:]
    return digits if re.match(PHONE, digits) else None


class ContactBook:
    """The demo contacts, which stay, and up to `MAX_CONTACTS` added later, of which the oldest give way."""

    def __init__(self, contacts: Sequence[Contact]) -> None:
        self._lasting = {contact.phone: contact for contact in contacts}
        self._added: dict[str, Contact] = {}

    def __iter__(self) -> Iterator[Contact]:
        yield from self._lasting.values()
        yield from (contact for phone, contact in self._added.items() if phone not in self._lasting)

    def __contains__(self, phone: str) -> bool:
        return self.find(phone) is not None

    def find(self, phone: str) -> Contact | None:
        return self._lasting.get(phone) or self._added.get(phone)

    def add(self, contact: Contact) -> None:
        """Add or rename; a demo contact keeps its note, because its note is why the tester picks it."""
        if lasting := self._lasting.get(contact.phone):
            self._lasting[contact.phone] = Contact(contact.phone, contact.name, lasting.note)
            return
        self._added.pop(contact.phone, None)
        self._added[contact.phone] = contact
        while len(self._added) > MAX_CONTACTS:
            del self._added[next(iter(self._added))]

    def remove(self, phone: str) -> None:
        self._lasting.pop(phone, None)
        self._added.pop(phone, None)
