"""Labelling a stream of texts, one a line: what `loket understand` prints."""

from collections.abc import Iterable, Iterator

from conversations.understanding import understand


def label_lines(lines: Iterable[str]) -> Iterator[str]:
    """`intent<TAB>confidence<TAB>text` for every line; empty lines are passed over."""
    for line in lines:
        text = line.strip("\r\n")
        if text.strip():
            understood = understand(text)
            yield f"{understood.intent}\t{understood.confidence:.2f}\t{text}"
