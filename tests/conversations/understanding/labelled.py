"""The labelled texts beside this file: `intent<TAB>language<TAB>text`, one a line."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from conversations.understanding import Intent

FOLDER = Path(__file__).parent / "corpus"


class Example(NamedTuple):
    intent: Intent
    language: str
    text: str


def examples(*names: str) -> Iterator[Example]:
    """The examples of the named corpus files (`train`, `heldout`, `fresh`…), in file order."""
    for name in names:
        for line in (FOLDER / f"{name}.tsv").read_text(encoding="utf-8").splitlines():
            intent, language, text = line.split("\t")
            yield Example(Intent(intent), language, text)
