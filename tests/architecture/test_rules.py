"""Rules of the house that no linter knows. Each failure says what to do instead."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("core", "conversations", "bot", "api", "cli", "sandbox")
#: Calls that wait for the network: the methods of the ports.
PORT_METHODS = frozenset({"look", "apply", "survey", "send"})
LONGEST_MODULE = 500


def modules(*packages: str) -> Iterator[tuple[str, str, ast.Module]]:
    """Path, text and tree of every module."""
    for package in packages or PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            source = path.read_text("utf-8")
            yield path.relative_to(ROOT).as_posix(), source, ast.parse(source)


def called(node: ast.AST) -> str:
    """The dotted name of what a call calls, as far as it is one: `connection.commit`."""
    return ast.unparse(node.func) if isinstance(node, ast.Call) else ""


def test_only_the_unit_of_work_commits() -> None:
    found = [
        f"{path}:{node.lineno} commits; return from the `uow.write()` block instead"
        for path, _, tree in modules("core", "conversations", "bot", "api", "cli")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and called(node).endswith(".commit")
        and path not in {"core/platform/sqlite.py", "core/platform/postgres.py"}
    ]
    assert found == []


def test_nobody_waits_for_the_network_inside_a_transaction() -> None:
    found = [
        f"{path}:{node.lineno} awaits {called(node.value)} inside `uow.write()`; post it to the outbox, or ask first"
        for path, _, tree in modules("core", "conversations", "bot", "api", "cli")
        for block in ast.walk(tree)
        if isinstance(block, ast.AsyncWith) and _is_transaction(block)
        for node in ast.walk(block)
        if isinstance(node, ast.Await) and called(node.value).rpartition(".")[2] in PORT_METHODS
    ]
    assert found == []


def _is_transaction(block: ast.AsyncWith) -> bool:
    return any(called(item.context_expr).endswith((".write", ".read")) for item in block.items)


def test_the_rule_about_the_network_finds_an_offender() -> None:
    offender = "async def f():\n    async with self._uow.write() as tx:\n        await self._channel.send(1)"
    (block,) = (node for node in ast.walk(ast.parse(offender)) if isinstance(node, ast.AsyncWith))
    assert _is_transaction(block)
    assert [called(node.value) for node in ast.walk(block) if isinstance(node, ast.Await)] == [
        "self._channel.send"
    ]


#: What reads the machine's clock for a reason; everybody else is handed a `Clock` or `tx.now`.
CLOCK_READERS = {
    "core/platform/clock.py": "it is the clock",
    "core/platform/limits.py": "the library behind the throttle counts by the machine's clock",
}
CLOCK_CALLS = {
    f"{prefix}{name}"
    for prefix in ("datetime.", "datetime.datetime.", "date.", "datetime.date.")
    for name in ("now", "today", "utcnow")
} | {"time.time", "time.time_ns"}


def test_nobody_but_the_clock_asks_for_the_time() -> None:
    found = [
        f"{path}:{node.lineno} calls {called(node)}; use `tx.now` or an injected `Clock`"
        for path, _, tree in modules("core", "conversations", "bot", "api")
        for node in ast.walk(tree)
        if called(node) in CLOCK_CALLS and path not in CLOCK_READERS and isinstance(node, ast.Call)
    ]
    assert found == []


def test_every_module_says_in_a_sentence_what_it_is_for() -> None:
    nameless = [path for path, source, tree in modules() if source.strip() and not ast.get_docstring(tree)]
    assert nameless == [], "give each a one-sentence docstring"


def test_no_module_is_too_long_to_be_read_in_a_sitting() -> None:
    long = {
        path: lines
        for path, source, _ in modules()
        if (lines := source.count("\n")) > LONGEST_MODULE and "/migrations/versions/" not in path
    }
    assert long == {}, "split by sub-domain, not by technical layer"


def test_no_module_keeps_state_that_changes() -> None:
    found = [
        f"{path}:{node.lineno} uses `global`; hand the state in"
        for path, _, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Global)
    ]
    assert found == []


def test_use_cases_do_not_call_use_cases() -> None:
    found = [
        f"{path} imports {node.module}; share a helper that takes `tx` instead"
        for path, _, tree in modules("core")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").endswith(".usecases")
        and path.endswith(("usecases.py", "commands.py", "queries.py"))
    ]
    assert found == []


def test_dependencies_point_inward() -> None:
    lint_imports = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    if lint_imports is None:
        pytest.skip("import-linter is not installed")
    checked = subprocess.run(
        [lint_imports, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert checked.returncode == 0, checked.stdout
