"""The promise on texts nobody tuned for, and on the corpus itself."""

from collections import Counter

import pytest

from conversations.understanding import Intent
from tests.conversations.understanding.confusion import measure, summary, table
from tests.conversations.understanding.labelled import examples

# Intents a greeting or thanks may rightly change.
MANNERS = {Intent.MENU, Intent.THANKS, Intent.CANCEL, Intent.OPT_OUT, Intent.UNKNOWN}
LEARNED_FROM = ("train", "fresh_1", "fresh_2", "fresh_3", "fresh_6", "fresh_8")
# Written by others later, and never learned from.
SEEN_FIRST_HERE = ("fresh_4", "fresh_5", "fresh_7", "fresh_9", "fresh_10")


def test_held_out_texts_are_understood_and_seldom_mistaken_with_confidence() -> None:
    report = measure(examples("heldout"))
    assert report.accuracy >= 0.92, table(report)
    assert report.wrong_but_confident_share <= 0.03, summary(report)


def test_most_held_out_texts_need_no_question_back() -> None:
    report = measure(examples("heldout"))
    assert report.confident / report.texts >= 0.7


@pytest.mark.parametrize("corpus", SEEN_FIRST_HERE)
def test_later_fresh_texts_are_understood_too(corpus: str) -> None:
    report = measure(examples(corpus))
    assert report.accuracy >= 0.92, table(report)
    assert report.wrong_but_confident_share <= 0.03, summary(report)


@pytest.mark.parametrize(
    "wrapping", ["halo kak, {}", "min mau tanya, {}", "{}, mohon bantuannya ya", "{}, terima kasih"]
)
def test_manners_around_a_request_do_not_change_it(wrapping: str) -> None:
    requests = [example for example in examples("heldout") if example.intent not in MANNERS]
    wrapped = measure(example._replace(text=wrapping.format(example.text)) for example in requests)
    assert wrapped.accuracy >= 0.92, table(wrapped)
    assert wrapped.wrong_but_confident_share <= 0.03, summary(wrapped)


def test_no_held_out_text_is_among_those_learned_from() -> None:
    learned = {example.text.casefold() for example in examples(*LEARNED_FROM)}
    assert not [
        example for example in examples("heldout", *SEEN_FIRST_HERE) if example.text.casefold() in learned
    ]


def test_corpus_is_large_and_covers_every_intent_in_both_parts() -> None:
    learned = Counter(example.intent for example in examples(*LEARNED_FROM))
    held_out = Counter(example.intent for example in examples("heldout"))
    assert learned.total() + held_out.total() >= 600
    assert held_out.total() >= 200
    assert all(learned[intent] >= 20 and held_out[intent] >= 8 for intent in Intent)
    assert learned[Intent.UNKNOWN] + held_out[Intent.UNKNOWN] >= 80
