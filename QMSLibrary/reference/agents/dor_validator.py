"""Definition of ready: is the pull request fit to be reviewed?"""

from __future__ import annotations

import re
from typing import Final

from QMSLibrary.contract.pull_requests import BRANCH_PREFIXES, COMMIT_TYPES, MINIMUM_DESCRIPTION
from QMSLibrary.contract.steps import Severity, Step

from .base import Agent, ReviewContext, Verdict, counted
from .files import FileKind
from .reading import Reading

ENOUGH_DOCUMENTED: Final = 0.5
"""Share of public functions that must be documented when no documentation file comes along."""
_TITLE: Final = re.compile(rf"^(?:{'|'.join(COMMIT_TYPES)})(?:\([^()\r\n]+\))?!?: \S")


def _review(reading: Reading, context: ReviewContext, verdict: Verdict) -> str:
    verdict.check("requirements_covered", *_requirements(reading, verdict))
    verdict.check("tests_covered", *_tests(reading, verdict))
    verdict.check("documentation_updated", *_documentation(reading, verdict))
    asked = bool(context.requested_by) and context.requested_by != reading.pull_request.author
    if not asked:
        verdict.find("approval_missing", "the author asked for the review; somebody else has to", severity=Severity.LOW)
    verdict.check("approval_received", *(() if asked else ("approval_missing",)))
    verdict.measures["files"] = len(reading.pull_request.files)
    verdict.measures["lines_changed"] = reading.pull_request.lines_changed
    files, sources = counted(len(reading.pull_request.files), "file"), counted(len(reading.sources), "source file")
    return f"{files}, {sources} with behaviour"


def _requirements(reading: Reading, verdict: Verdict) -> list[str]:
    pull_request = reading.pull_request
    reasons = []
    if not _TITLE.match(pull_request.title):
        reasons.append("title_format")
        verdict.find(
            "title_format",
            f"the title {pull_request.title[:60]!r} is no Conventional Commit; write 'type(scope): what', type one of "
            f"{', '.join(COMMIT_TYPES)}",
            severity=Severity.LOW,
        )
    length = len(pull_request.description.strip())
    if length < MINIMUM_DESCRIPTION:
        reasons.append("description_too_short")
        message = f"the description has {length} characters; at least {MINIMUM_DESCRIPTION} say what and why"
        verdict.find("description_too_short", message, severity=Severity.LOW)
    prefix = next((one for one in BRANCH_PREFIXES if pull_request.head_branch.startswith(one)), None)
    if prefix is None or pull_request.head_branch == prefix:
        reasons.append("branch_name")
        message = f"the branch {pull_request.head_branch[:60]!r} begins with none of {', '.join(BRANCH_PREFIXES)}"
        verdict.find("branch_name", message, severity=Severity.LOW)
    return reasons


def _tests(reading: Reading, verdict: Verdict) -> list[str]:
    untested = [source for source in reading.sources if not source.reached]
    for source in untested:
        first = source.functions[0][0]
        verdict.find(
            "missing_tests",
            f"no test in this pull request reaches {first.label} or anything else here",
            path=source.change.path,
            line=first.start_line,
        )
    verdict.measures["untested_files"] = len(untested)
    return ["missing_tests"] if untested else []


def _documentation(reading: Reading, verdict: Verdict) -> list[str]:
    verdict.measures["documented_share"] = round(reading.documented_share, 3)
    if not reading.sources or any(
        file.content and file.content.strip() for file in reading.of_kind(FileKind.DOCUMENTATION)
    ):
        return []
    if reading.public_functions and reading.documented_share >= ENOUGH_DOCUMENTED:
        return []
    if not reading.public_functions:
        return []  # nothing that others call has changed
    verdict.find(
        "missing_documentation",
        f"no documentation file, and {len(reading.undocumented)} of {len(reading.public_functions)} public functions "
        "have no documentation of their own",
        path=reading.undocumented[0][0].path,
        line=reading.undocumented[0][1].start_line,
    )
    return ["missing_documentation"]


AGENT: Final = Agent(
    role="qms-dor-validator",
    step=Step.DOR_VALIDATION,
    areas=("requirements", "documentation"),
    review=_review,
)
