"""Code review: does the code parse, is it simple enough, was nothing left in it?"""

from __future__ import annotations

from typing import Final

from QMSLibrary.contract.pull_requests import ChangeType
from QMSLibrary.contract.steps import Severity, Step

from .base import Agent, ReviewContext, Verdict, counted
from .files import FileKind, language_of
from .reading import Reading
from .source import Module

COMPLEXITY_LIMIT: Final = 20
"""McCabe; NIST SP 500-235 allows more than 10 where there is reason to, and nobody tests 20 paths."""
LENGTH_LIMIT: Final = 150
"""Lines of one function."""


def _review(reading: Reading, context: ReviewContext, verdict: Verdict) -> str:
    reasons: dict[str, None] = {}
    for module in reading.modules.values():
        found = _look_at(module, reading.kinds[module.path], reading.leftovers.get(module.path, []), verdict)
        reasons.update(dict.fromkeys(found))
    for path, line in reading.conflicts:
        reasons["merge_conflict"] = None
        verdict.find("merge_conflict", "a merge conflict was left in the file", path=path, line=line)
    verdict.check("code_quality_passed", *reasons)
    unreadable = _unreadable(reading, verdict)
    verdict.check("peer_review_completed", *(("unreadable_file",) if unreadable else ()))
    for module, style in reading.style:
        verdict.find(style.type, style.message, severity=Severity.LOW, path=module.path, line=style.line)
    functions = [function for module in reading.source_modules for function in module.functions]
    verdict.measures["files_read"] = len(reading.modules) - sum(
        one.problem is not None for one in reading.modules.values()
    )
    verdict.measures["style"] = round(reading.tidy_share, 3)
    verdict.measures["highest_complexity"] = max((function.complexity for function in functions), default=0)
    verdict.measures["style_findings"] = len(reading.style)
    return f"read {counted(len(functions), 'function')}, {counted(len(reading.style), 'style finding')}"


def _look_at(module: Module, kind: FileKind, leftovers: list[tuple[int, str]], verdict: Verdict) -> list[str]:
    reasons = []
    if module.broken:
        reasons.append("syntax_error")
        message = f"the file is no {module.language} that can be read"
        verdict.find("syntax_error", message, path=module.path, line=module.error_line)
    if kind is FileKind.SOURCE:
        for function in module.functions:
            if function.complexity > COMPLEXITY_LIMIT or function.lines > LENGTH_LIMIT:
                reasons.append("too_complex")
                verdict.find(
                    "too_complex",
                    f"{function.label} has {function.complexity} paths and {function.lines} lines; at most "
                    f"{COMPLEXITY_LIMIT} and {LENGTH_LIMIT} can be reviewed",
                    path=module.path,
                    line=function.start_line,
                )
    for line, what in leftovers:
        reasons.append("debug_leftover")
        verdict.find("debug_leftover", f"{what} stops the program for a debugger", path=module.path, line=line)
    return reasons


def _unreadable(reading: Reading, verdict: Verdict) -> int:
    """Source files that there is nothing to read of: too large, no text, or not sent."""
    count = 0
    for file in reading.of_kind(FileKind.SOURCE, FileKind.TEST):
        if language_of(file.path) is None:
            continue
        if file.content is None:
            problem: str | None = "its content was not sent" if file.type is not ChangeType.RENAMED else None
        else:
            problem = reading.modules[file.path].problem
        if problem is not None:
            count += 1
            verdict.find("unreadable_file", f"it cannot be reviewed: {problem}", path=file.path)
    return count


AGENT: Final = Agent(
    role="qms-code-reviewer",
    step=Step.PROGRESS_REVIEWS,
    areas=("code_quality",),
    review=_review,
)
