"""How well outages are told from people switching their modems off, on simulated days with both.

Prints one JSON line. Precision: alarms that were true; recall: outages found within ten minutes; the same for lines.
"""

from __future__ import annotations

import json
import sys

from core.testing.outages import days


def main() -> None:
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 12
    score = days(range(100, 100 + seeds))
    print(
        json.dumps(
            {
                "benchmark": "outage_detection",
                "days": seeds,
                "outages": score.outages,
                "alarms": score.alarms,
                "precision": round(score.precision, 3),
                "recall": round(score.recall, 3),
                "lines_precision": round(score.lines_precision, 3),
                "lines_recall": round(score.lines_recall, 3),
                "median_delay_min": round(score.median_delay_min, 1),
            }
        )
    )


if __name__ == "__main__":
    main()
