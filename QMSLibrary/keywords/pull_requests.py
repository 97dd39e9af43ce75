"""Chapter pull requests: what is given to the QMS to review."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, Literal

from robot.api.deco import keyword

from QMSLibrary.contract.pull_requests import PullRequest
from QMSLibrary.formats.counts import counted

from .chapter import Chapter

if TYPE_CHECKING:
    from .session import Session

# The choices of QMSLibrary.data, written out so that an editor completes them; a unit test compares the two.
Complexity = Literal["low", "medium", "high"]
Language = Literal["typescript", "javascript", "python", "sql", "yaml", "dockerfile", "markdown"]


SEED_VARIABLE: Final = "QMS_SEED"
"""The environment variable with the seed of a run; `qms run --seed` sets it."""


class PullRequests(Chapter):
    """Keywords that make pull requests. They ask nothing of the QMS."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._count: Counter[str] = Counter()

    @keyword
    def create_pull_request(
        self,
        *,
        changes: str = "feature_implementation",
        complexity: Complexity = "medium",
        author: str = "senior_developer",
        files: int | None = None,
        lines_changed: int | None = None,
        language: Language = "typescript",
        code_patterns: list[str] | str | None = None,
        test_coverage: float | str | None = None,
        code_style: float | None = None,
        missing_tests: bool = False,
        missing_documentation: bool = False,
        security_issues: list[Any] | str | None = None,
        performance_issues: list[Any] | str | None = None,
        repository: str | None = None,
        base_branch: str = "main",
        title: str | None = None,
        description: str | None = None,
        seed: int | None = None,
    ) -> PullRequest:
        """Makes a pull request with real code in it, and returns it.

        | =Option= | =What it says= |
        | changes | what it is about: ``feature_implementation``, ``bugfix``, …, or words of your own in any language |
        | complexity | how big it is: ``low``, ``medium``, ``high``; a high one concerns two domains |
        | language | ``typescript``, ``javascript``, ``python``; or ``sql``, ``yaml``, ``dockerfile``, ``markdown`` |
        | author | the persona who wrote it: ``senior_developer``, ``junior_developer``, … or your own, see below |
        | files, lines_changed | exactly so many; by the complexity unless given, fewer where there is no code |
        | code_patterns | how the code is built, such as ``mvc, service_layer``: no source file is of another one |
        | test_coverage | 30 to 100: percent of the statements that its tests reach; by the persona unless given |
        | code_style | 0 to 1: the share of clean functions; by the persona unless given |
        | missing_tests, missing_documentation | leave them out |
        | security_issues | weaknesses with their severity: ``sql_injection:high, xss:medium`` |
        | performance_issues | the same for slow code: ``n_plus_one`` |
        | repository | ``owner/name`` |
        | seed | the same number makes the same content; id and branch are always new |

        A name that does not exist fails with those that do, and wishes that contradict each other with the reason.

        A persona of your own is a file in ``variables/personas``, or in the folder that the environment variable
        ``QMS_PERSONAS`` names; its name is that of the file. The library's own files show what is in one.

        Example:
        | ${pr} =    Create Pull Request    complexity=medium    files=15    lines_changed=847
        | ${pr} =    Create Pull Request    author=junior_developer    security_issues=sql_injection:high, xss:medium
        | Log    ${pr.title}

        """
        options = {name: value for name, value in locals().items() if name != "self"}
        from QMSLibrary.data import create_pull_request

        return self._made(create_pull_request(**{**options, "seed": self._seed(seed)}))

    @keyword
    def create_pull_requests(
        self,
        count: int,
        *,
        changes: str = "feature_implementation",
        complexity: Complexity = "medium",
        author: str = "senior_developer",
        files: int | None = None,
        lines_changed: int | None = None,
        language: Language = "typescript",
        code_patterns: list[str] | str | None = None,
        test_coverage: float | str | None = None,
        code_style: float | None = None,
        missing_tests: bool = False,
        missing_documentation: bool = False,
        security_issues: list[Any] | str | None = None,
        performance_issues: list[Any] | str | None = None,
        repository: str | None = None,
        base_branch: str = "main",
        title: str | None = None,
        description: str | None = None,
        seed: int | None = None,
    ) -> list[PullRequest]:
        """Makes several pull requests, 1 to 1000, all different, and returns them in a list.

        The options are those of `Create Pull Request`; with a ``seed`` the same list is made again.

        Example:
        | ${prs} =    Create Pull Requests    50    complexity=low

        """
        options = {name: value for name, value in locals().items() if name not in ("self", "count")}
        from QMSLibrary.data import create_pull_requests

        made = create_pull_requests(count, **{**options, "seed": self._seed(seed)})
        self.say(
            f"Made {counted(count, 'pull request')}, {counted(sum(pr.lines_changed for pr in made), 'line')} in all."
        )
        return made

    @keyword
    def fix_pull_request(self, pull_request: PullRequest) -> PullRequest:
        """Returns the same pull request without its flaws: with tests and documentation, clean and safe.

        Id, branch and what it is about stay. `Retry Step` or `Push Commit` give it to the QMS.

        Example:
        | ${fixed} =    Fix Pull Request    ${pr}
        | Retry Step    dor_validation    pull_request=${fixed}

        """
        from QMSLibrary.data import fix_pull_request

        return self._made(fix_pull_request(pull_request))

    def _seed(self, seed: int | None) -> int | None:
        """The seed that was given; else one that follows from that of the run, so that a run can be repeated."""
        run = os.environ.get(SEED_VARIABLE)
        if seed is not None or not run:
            return seed
        from QMSLibrary.data import derived_seed

        test = self.session.journal.test or ""
        self._count[test] += 1
        return derived_seed(run, test, self._count[test])

    def _made(self, pr: PullRequest) -> PullRequest:
        from QMSLibrary.data import seed_of

        seed = seed_of(pr)
        paths = "\n".join(f"{one.type} {one.path} +{one.additions} -{one.deletions}" for one in pr.files)
        self.say(
            f"Pull request {pr.id} by {pr.author} in {pr.repository}: {pr.title!r}, {counted(len(pr.files), 'file')}, "
            f"{counted(pr.lines_changed, 'line')} changed."
            + (f" Made again with seed={seed}." if seed is not None else ""),
            paths,
        )
        return pr
