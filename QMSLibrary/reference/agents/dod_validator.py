"""Definition of done: do the tests prove something, is it documented, can it be deployed?"""

from __future__ import annotations

from typing import Final

from QMSLibrary.contract.steps import Severity, Step
from QMSLibrary.contract.targets import Targets

from .base import Agent, ReviewContext, Verdict
from .files import FileKind
from .manifests import debug_setting, problem_of_manifest
from .reading import Reading, Source

MOSTLY_DOCUMENTED: Final = 0.9
"""Share of public functions that must be documented, by themselves or by a documentation file."""
COVERAGE: Final = Targets().coverage_percent


def _review(reading: Reading, context: ReviewContext, verdict: Verdict) -> str:
    verdict.check("all_tests_passing", *_tests(reading, verdict))
    covered = _coverage(reading, verdict)
    verdict.check("documentation_complete", *_documentation(reading, verdict))
    verdict.check("deployment_ready", *_deployment(reading, verdict))
    return "nothing here needs tests" if covered is None else f"{covered:.0f} % of the changed lines are covered"


def _tests(reading: Reading, verdict: Verdict) -> list[str]:
    reasons: dict[str, None] = {}
    for module in reading.test_modules:
        if module.broken:
            reasons["syntax_error"] = None
            message = "the tests in this file cannot run"
            verdict.find("syntax_error", message, path=module.path, line=module.error_line)
    for path, flaw in reading.poor_tests:
        reasons[flaw.type] = None
        verdict.find(flaw.type, flaw.message, path=path, line=flaw.line)
    return list(reasons)


def _coverage(reading: Reading, verdict: Verdict) -> float | None:
    coverage = reading.coverage
    if coverage is not None:
        verdict.measures["coverage"] = round(coverage, 1)
    if coverage is None or coverage >= COVERAGE:
        verdict.check("coverage_threshold_met")
        return coverage
    verdict.check("coverage_threshold_met", "coverage_below_threshold")
    share = f"{coverage:.1f} % of the changed lines are covered"
    blamed = [source for source in reading.sources if _is_poorly_covered(source)]
    for source in blamed:
        missed = [function for function, reached in source.functions if not reached]
        names = ", ".join(function.label for function in missed[:5]) + (" …" if len(missed) > 5 else "")
        verdict.find(
            "coverage_below_threshold",
            f"no test in this pull request reaches {names}; {share}, not {COVERAGE:.0f} %",
            path=source.change.path,
            line=missed[0].start_line,
        )
    if not blamed:
        verdict.find("coverage_below_threshold", f"{share} by tests in this pull request, not {COVERAGE:.0f} %")
    return coverage


def _is_poorly_covered(source: Source) -> bool:
    """Whether its functions can be named as missed: those of a small change are mostly old, which ones is not known."""
    total, reached = source.covered_lines
    return not source.small and 100.0 * reached < COVERAGE * total


def _documentation(reading: Reading, verdict: Verdict) -> list[str]:
    share = reading.documented_share
    verdict.measures["documented_share"] = round(share, 3)
    enough = share >= MOSTLY_DOCUMENTED
    for module, function in reading.undocumented:
        verdict.find(
            "undocumented_function",
            f"{function.label} is public and described nowhere",
            severity=Severity.LOW if enough else Severity.MEDIUM,
            path=module.path,
            line=function.start_line,
        )
    return [] if enough else ["undocumented_function"]


def _deployment(reading: Reading, verdict: Verdict) -> list[str]:
    reasons: dict[str, None] = {}
    for path, line in reading.conflicts:
        reasons["merge_conflict"] = None
        verdict.find("merge_conflict", "a merge conflict was left in the file", path=path, line=line)
    for path, content in reading.texts():
        kind = reading.kinds[path]
        problem = problem_of_manifest(path, content) if kind is FileKind.MANIFEST else None
        if problem is not None:
            reasons["broken_manifest"] = None
            verdict.find("broken_manifest", problem, path=path)
        debug = debug_setting(path, content) if kind is not FileKind.TEST else None
        if debug is not None:
            reasons["debug_setting"] = None
            verdict.find("debug_setting", debug[1], path=path, line=debug[0])
    return list(reasons)


AGENT: Final = Agent(
    role="qms-dod-validator",
    step=Step.DOD_VALIDATION,
    areas=("coverage", "documentation", "deployment"),
    review=_review,
)
