"""Features to a probability for each intent, by one readable table of weights."""

import math
from collections.abc import Iterable, Mapping

from conversations.understanding.types import Intent
from conversations.understanding.weights import WEIGHTS


def _table(lines: Mapping[str, str]) -> dict[str, tuple[tuple[int, float], ...]]:
    order = {intent.value: i for i, intent in enumerate(Intent)}
    return {
        feature: tuple((order[name], float(weight)) for name, weight in map(str.split, line.split(",")))
        for feature, line in lines.items()
    }


_INTENTS = tuple(Intent)
_TABLE = _table(WEIGHTS)


def rank(features: Iterable[str]) -> list[tuple[Intent, float]]:
    """Every intent with its probability, best first; ties keep the order of `Intent`."""
    totals = [0.0] * len(_INTENTS)
    for feature in features:
        for i, weight in _TABLE.get(feature, ()):
            totals[i] += weight
    top = max(totals)
    shares = [math.exp(total - top) for total in totals]
    whole = sum(shares)
    return sorted(
        ((intent, share / whole) for intent, share in zip(_INTENTS, shares, strict=True)),
        key=lambda pair: -pair[1],
    )
