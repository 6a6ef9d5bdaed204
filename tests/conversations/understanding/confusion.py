"""How well texts are understood: accuracy, wrong-but-confident, and who is taken for whom.

Run `python tests/conversations/understanding/confusion.py heldout` (any corpus file names; `-v` lists the mistakes).
"""

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT))

from conversations.understanding import Intent, Understanding, concepts_in, understand  # noqa: E402
from tests.conversations.understanding.labelled import Example, examples  # noqa: E402 - needs the path above


class Report(Struct):
    """Counts over one corpus."""

    texts: int = 0
    right: int = 0
    confident: int = 0
    wrong_but_confident: int = 0
    confusions: Counter[tuple[Intent, Intent]] = Counter()
    mistakes: list[tuple[Example, Understanding]] = []

    @property
    def accuracy(self) -> float:
        return self.right / self.texts

    @property
    def wrong_but_confident_share(self) -> float:
        return self.wrong_but_confident / self.texts


def measure(corpus: Iterable[Example]) -> Report:
    report = Report()
    for example in corpus:
        understood = understand(example.text)
        right = understood.intent is example.intent
        report.texts += 1
        report.right += right
        report.confident += understood.confident
        report.wrong_but_confident += understood.confident and not right
        report.confusions[example.intent, understood.intent] += 1
        if not right:
            report.mistakes.append((example, understood))
    return report


def summary(report: Report) -> str:
    """One line of shares: right, sure of it, and sure of something wrong."""
    return (
        f"{report.texts} texts, {report.accuracy:.1%} right, {report.confident / report.texts:.1%} confident, "
        f"{report.wrong_but_confident_share:.1%} wrong but confident"
    )


def table(report: Report) -> str:
    """Rows are the labels, columns what was understood; only intents that occur."""
    intents = [i for i in Intent if any(i in pair for pair in report.confusions)]
    width = max(len(i) for i in intents)
    head = " " * width + "".join(f"{i[:6]:>7}" for i in intents)
    rows = [
        f"{label:>{width}}" + "".join(f"{report.confusions[label, i] or '.':>7}" for i in intents)
        for label in intents
    ]
    return "\n".join([head, *rows])


def explain(example: Example, understood: Understanding) -> str:
    """A mistake with the concepts that led to it."""
    mark = "!" if understood.confident else " "
    concepts = " ".join(concepts_in(example.text).concepts)
    return f"{mark} {example.intent} -> {understood.intent} {understood.confidence:.2f} | {example.text} | {concepts}"


def main() -> None:
    names = [argument for argument in sys.argv[1:] if not argument.startswith("-")] or ["heldout"]
    report = measure(examples(*names))
    if "-v" in sys.argv:
        print("\n".join(explain(*mistake) for mistake in report.mistakes))  # noqa: T201 - a script's output
    print(table(report), summary(report), sep="\n\n")  # noqa: T201 - a script's output


if __name__ == "__main__":
    main()
