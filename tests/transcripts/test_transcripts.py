"""Every transcript happens as it is written: by key, and word for word in both languages.

`LOKET_WRITE_TRANSCRIPTS=1 pytest tests/transcripts` writes the expectations anew; read them before you commit them.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from core.platform.i18n import LANGUAGES, Language
from tests.conversations.stage import copied
from tests.transcripts.player import played

HERE = Path(__file__).parent
SCRIPTS = sorted(HERE.glob("*/*.transcript"))
_LONGEST = 10


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def _compare(path: Path, happened: list[str]) -> None:
    text = "\n".join(happened) + "\n"
    if os.environ.get("LOKET_WRITE_TRANSCRIPTS"):
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("path", "script"), [(path, path.read_text()) for path in SCRIPTS], ids=map(_name, SCRIPTS)
)
async def test_a_transcript_happens_as_written(
    path: Path, script: str, language: Language, demo_template: Path, tmp_path: Path
) -> None:
    player = await played(copied(demo_template, tmp_path / "db"), script, language)
    _compare(path, player.by_key)
    _compare(path.with_suffix(f".{language}.txt"), _without_codes(player.as_read))


def _without_codes(lines: list[str]) -> list[str]:
    """Codes are chance: the one that was sent reads the same every time."""
    return [re.sub(r"\*\d{6}\*", "*482913*", line) for line in lines]


@pytest.mark.parametrize(
    "path", sorted(HERE.glob("*/*.txt")), ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_no_message_is_over_ten_lines(path: Path) -> None:
    answers = re.findall(r"^< .*(?:\n  .*)*", path.read_text(), re.MULTILINE)
    assert answers
    assert max(answer.count("\n") + 1 for answer in answers) <= _LONGEST
