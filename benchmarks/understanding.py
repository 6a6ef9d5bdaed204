"""How long one text takes to understand, beside the floor of merely lower-casing and splitting it."""

import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from conversations.understanding import understand  # noqa: E402
from tests.conversations.understanding.labelled import examples  # noqa: E402 - needs the path above

ROUNDS = 5


def micros_per_text(work: Callable[[str], object], texts: list[str]) -> list[float]:
    """The best of several rounds for each text, in microseconds: interruptions by others are not its cost."""
    best = [float("inf")] * len(texts)
    for _ in range(ROUNDS):
        for i, text in enumerate(texts):
            started = time.perf_counter_ns()
            work(text)
            best[i] = min(best[i], (time.perf_counter_ns() - started) / 1000)
    return best


def main() -> None:
    texts = [example.text for example in examples("heldout", "train")]
    floor = statistics.median(micros_per_text(lambda text: text.lower().split(), texts))
    spent = micros_per_text(understand, texts)
    median, p99 = statistics.median(spent), statistics.quantiles(spent, n=100)[98]
    longest = min(micros_per_text(understand, ["internet saya mati " * 5000]))
    print(
        json.dumps(
            {
                "benchmark": "understanding",
                "texts": len(texts),
                "median_us": round(median, 1),
                "p99_us": round(p99, 1),
                "hundred_kilobytes_us": round(longest, 1),
                "floor_us": round(floor, 2),
                "median_to_floor": round(median / floor, 1),
                "p99_to_floor": round(p99 / floor, 1),
            }
        )
    )


if __name__ == "__main__":
    main()
