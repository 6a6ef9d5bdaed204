"""Learn the weights of the scorer from the training corpus and write them as a readable module.

Run `python tests/conversations/understanding/train.py` after changing a lexicon or adding training texts.
Multinomial logistic regression by full-batch Adam: no randomness, so the same corpus gives the same file.
"""

import math
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT))

from conversations.understanding import Intent, concepts_in  # noqa: E402
from conversations.understanding.features import features_of  # noqa: E402
from tests.conversations.understanding.labelled import examples  # noqa: E402 - needs the path above

TARGET = ROOT / "conversations" / "understanding" / "weights.py"
INTENTS = tuple(Intent)
ROUNDS = 250
RATE = 0.06
# Pulls weights towards zero, so that a feature seen twice does not shout.
DECAY = 0.4
# There are many texts about anything else; they must not make the scorer shy of what it does know.
UNKNOWN_SHARE = 0.8
# Weights smaller than this change no decision and only cost the reader time.
NEGLIGIBLE = 0.05

Row = list[float]
Sample = tuple[tuple[str, ...], int]


class Adam:
    """One intent's weights over all features, moved by adaptive steps."""

    def __init__(self, size: int) -> None:
        self.weights: Row = [0.0] * size
        self._mean: Row = [0.0] * size
        self._spread: Row = [0.0] * size

    def step(self, gradient: Row, round_number: int) -> None:
        fade_mean, fade_spread = 1 - 0.9**round_number, 1 - 0.99**round_number
        for i, slope in enumerate(gradient):
            pull = slope + DECAY * self.weights[i]
            self._mean[i] += 0.1 * (pull - self._mean[i])
            self._spread[i] += 0.01 * (pull * pull - self._spread[i])
            spread = math.sqrt(self._spread[i] / fade_spread)
            self.weights[i] -= RATE * (self._mean[i] / fade_mean) / (spread + 1e-8)


def learn(samples: Sequence[Sample]) -> tuple[list[str], list[Row]]:
    """Feature names, and for each intent its weight for every feature."""
    names = sorted({feature for features, _ in samples for feature in features})
    number = {name: i for i, name in enumerate(names)}
    numbered = [([number[f] for f in features], intent) for features, intent in samples]
    learners = [Adam(len(names)) for _ in INTENTS]
    for round_number in range(1, ROUNDS + 1):
        gradients = _gradients(numbered, [learner.weights for learner in learners])
        for learner, gradient in zip(learners, gradients, strict=True):
            learner.step(gradient, round_number)
    return names, [learner.weights for learner in learners]


def _gradients(samples: list[tuple[list[int], int]], weights: list[Row]) -> list[Row]:
    gradients = [[0.0] * len(row) for row in weights]
    unknown = INTENTS.index(Intent.UNKNOWN)
    for features, intent in samples:
        totals = [sum(row[f] for f in features) for row in weights]
        top = max(totals)
        shares = [math.exp(total - top) for total in totals]
        whole = sum(shares)
        importance = UNKNOWN_SHARE if intent == unknown else 1.0
        for i, share in enumerate(shares):
            error = importance * (share / whole - (i == intent))
            row = gradients[i]
            for f in features:
                row[f] += error
    return gradients


def render(names: list[str], weights: list[Row]) -> str:
    """The weights as a Python module, one feature a line, strongest intent first."""
    lines = []
    for f, name in enumerate(names):
        strong = sorted(
            ((row[f], intent.value) for row, intent in zip(weights, INTENTS, strict=True)), reverse=True
        )
        kept = [f"{intent} {weight:+.2f}" for weight, intent in strong if abs(weight) >= NEGLIGIBLE]
        if kept:
            lines.append(f'    "{name}": "{", ".join(kept)}",\n')
    return (
        '"""How much each concept speaks for each intent. Learned by tests/conversations/understanding/train.py."""\n\n'
        "WEIGHTS: dict[str, str] = {\n" + "".join(lines) + "}\n"
    )


def main() -> None:
    samples = [
        (features_of(concepts_in(example.text)), INTENTS.index(example.intent))
        for example in examples(
            *(sys.argv[1:] or ["train", "fresh_1", "fresh_2", "fresh_3", "fresh_6", "fresh_8"])
        )
    ]
    names, weights = learn(samples)
    TARGET.write_text(render(names, weights), encoding="utf-8")
    print(f"{len(samples)} texts, {len(names)} features -> {TARGET.relative_to(ROOT)}")  # noqa: T201


if __name__ == "__main__":
    main()
