"""What the test files themselves are worth: do they assert something, and do all of them run."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from .source import Module
from .syntax import text

_SKIPPED: Final = re.compile(
    r"^(?:pytest\.mark\.skip\b(?!if)|(?:unittest\.)?skip\(|(?:unittest\.)?skip$|pytest\.mark\.only\b|disabled\b)"
)
_CASES: Final = {"it", "test", "describe", "suite", "context", "specify"}
_DISABLED: Final = {"xit", "xtest", "xdescribe", "xcontext", "xspecify", "fit", "fdescribe", "ftest"}
_SWITCHES: Final = {"skip", "only", "todo"}
_ASSERTING: Final = re.compile(
    r"^(?:expect\w*|assert\w*|should\w*|raises|warns|fail|verify\w*|check\w*|ensure\w*|toThrow\w*|match_snapshot|snapshot|"
    r"given|deepEqual|strictEqual|rejects|throws|ok|equal|notEqual|plan|t|deprecated_call|wait_for\w*|find_\w*|approve\w*)$"
)
_PYTHON_ASSERT: Final = re.compile(r"^[ \t]*(?:assert\b|(?:async )?with (?:pytest\.)?raises)", re.MULTILINE)
_ROBOT_CASES: Final = re.compile(r"^\*+\s*(?:Test Cases|Tasks)\s*\**", re.IGNORECASE | re.MULTILINE)
_ROBOT_SKIP: Final = re.compile(
    r"^[ \t]+(?:\[Tags\].*\brobot:(?:skip|exclude)\b|Skip(?:\s{2,}|$))", re.IGNORECASE | re.MULTILINE
)
_ROBOT_TEMPLATE: Final = re.compile(r"^Test Template\s{2,}|^[ \t]+\[Template\]", re.IGNORECASE | re.MULTILINE)
_ROBOT_IDLE: Final = {
    "log", "log to console", "log many", "comment", "no operation", "sleep", "set variable", "set test variable", "var",
    "for", "end", "if", "else", "pass execution",
}  # fmt: skip


class PoorTest(NamedTuple):
    """A test that proves nothing."""

    type: str
    line: int
    message: str


def flaws_of_tests(module: Module) -> Iterable[PoorTest]:
    """``disabled_test`` and ``test_without_assertion``."""
    yield from _python_switches(module) if module.language == "python" else _script_switches(module)
    cases = _cases(module)
    if cases and not _asserts(module):
        message = (
            f"{len(cases)} test{'s' if len(cases) > 1 else ''} and not one assertion: they pass whatever the code does"
        )
        yield PoorTest("test_without_assertion", cases[0], message)


def flaws_of_robot(content: str) -> Iterable[PoorTest]:
    """The same for a Robot Framework suite."""
    for match in _ROBOT_SKIP.finditer(content):
        yield PoorTest(
            "disabled_test", content.count("\n", 0, match.start()) + 1, "the test is skipped whatever happens"
        )
    cases = _ROBOT_CASES.search(content)
    if cases is None or _ROBOT_TEMPLATE.search(content):
        return
    used = list(_robot_keywords(content[cases.end() :]))
    if used and all(keyword in _ROBOT_IDLE for keyword in used):
        line = content.count("\n", 0, cases.start()) + 1
        yield PoorTest("test_without_assertion", line, "no keyword here can fail")


def _robot_keywords(body: str) -> Iterable[str]:
    """The keywords that the tests use, in lower case; a keyword of one's own may always assert something."""
    for line in body.splitlines():
        if line.startswith("*"):
            return
        cells = [cell for cell in re.split(r"\s{2,}|\t", line.strip()) if cell]
        while cells and re.match(r"^[$@&]\{.*\}\s*=?$", cells[0]):
            cells.pop(0)
        if cells and line[:1].isspace() and not cells[0].startswith(("[", "...", "#")):
            yield cells[0].lower()


def _python_switches(module: Module) -> Iterable[PoorTest]:
    for node in module.nodes("decorator"):
        written = text(node).lstrip("@").strip()
        if _SKIPPED.match(written):
            yield PoorTest("disabled_test", module.line(node), f"@{written.split('(')[0]} keeps the test from running")


def _script_switches(module: Module) -> Iterable[PoorTest]:
    for call in module.calls:
        first = call.receiver.split(".")[0]
        if call.name in _DISABLED and not call.receiver:
            named = call.name
        elif call.name in _SWITCHES and first in _CASES:
            named = f"{first}.{call.name}"
        else:
            continue
        others = "keeps the others from running" if "only" in named or named.startswith("f") else "does not run"
        yield PoorTest("disabled_test", module.line(call.node), f"{named} {others}")


def _cases(module: Module) -> list[int]:
    """The lines of the test cases."""
    if module.language == "python":
        return [one.start_line for one in module.functions if one.name.startswith("test") and not one.trivial]
    return [
        module.line(call.node)
        for call in module.calls
        if call.name in ("it", "test", "specify") and len(call.arguments) > 1
    ]


def _asserts(module: Module) -> bool:
    if module.language == "python" and _PYTHON_ASSERT.search(module.content):
        return True
    return any(_ASSERTING.match(call.name) for call in module.calls)
