"""Chapter forms of a pull request: diff, repository, patch and GitHub's webhook, on the way in and on the way out."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from robot.api.deco import keyword
from robot.utils import DotDict

from QMSLibrary.checks.asked import Asked
from QMSLibrary.contract.pull_requests import ChangeType, PullRequest
from QMSLibrary.formats.counts import counted

from .assertions import Operator, check, lookup
from .chapter import Chapter

# The choices of QMSLibrary.data, written out so that an editor completes them; a unit test compares the two.
Action = Literal["opened", "synchronize", "edited", "ready_for_review", "closed", "ping"]


class PullRequestForms(Chapter):
    """Keywords that take a pull request from what real tools make, and give it to them. They ask nothing of the QMS."""

    @keyword
    def create_git_repository(self, pull_request: PullRequest, path: Path) -> PullRequest:
        """Makes a real git repository of a pull request in a new folder, and returns the pull request with its commit.

        It has the base branch with what was there before, and the head branch, checked out, with commits by the author;
        a large change is several commits. No git identity is needed, and no setting of the machine is read. The same
        content and branch give the same commits. ``head_sha`` of the returned pull request is the head commit.

        Example:
        | ${pr} =    Create Pull Request    files=15    lines_changed=847
        | ${pr} =    Create Git Repository    ${pr}    ${TEMPDIR}/shop
        | Log    ${pr.head_sha}

        """
        from QMSLibrary.data import create_git_repository

        made, repository = create_git_repository(pull_request, path)
        self.say(
            f"Made the repository {repository.path}: {made.base_branch} at {repository.base_sha[:12]}, "
            f"{made.head_branch} at {repository.head_sha[:12]} "
            f"({counted(repository.commits, 'commit')} by {made.author})."
        )
        return made

    @keyword
    def create_pull_request_from_git(
        self,
        path: Path,
        range: str,
        *,
        author: str | None = None,
        title: str | None = None,
        description: str | None = None,
        head_branch: str | None = None,
        repository: str | None = None,
    ) -> PullRequest:
        """Makes a pull request of what a real git repository changed in a range of commits, and returns it.

        ``range`` is as git writes it: ``HEAD~1..HEAD``, ``main..feature/x``. Author, title and description are those of
        the newest commit unless given. A binary file, and one of more than 10 MB, has no content; a submodule is named
        by its commit, a symbolic link by where it leads.

        Example:
        | ${pr} =    Create Pull Request From Git    ${EXECDIR}    HEAD~1..HEAD

        """
        from QMSLibrary.data import pull_request_from_git

        return self._made(
            pull_request_from_git(
                path,
                range,
                author=author,
                title=title,
                description=description,
                head_branch=head_branch,
                repository=repository,
            )
        )

    @keyword
    def create_pull_request_from_patch(
        self,
        patch: Path | str | bytes,
        *,
        base: Path | None = None,
        author: str | None = None,
        title: str | None = None,
        description: str | None = None,
        base_branch: str = "main",
        head_branch: str | None = None,
        repository: str | None = None,
    ) -> PullRequest:
        """Makes a pull request of a patch, and returns it: a unified diff, or mails of ``git format-patch``.

        ``patch`` is a file or the text itself. ``base`` is a folder with the files as they were before; every line that
        the patch expects must be there, else it is refused with file and line. Without it only added files have
        content: a QMS sees of the others that they changed, and by how many lines. Author, title and description are
        those of the cover letter, else of the last mail, unless given; a bare diff has none, so give at least a title.

        Example:
        | ${pr} =    Create Pull Request From Patch    0001-add-search.patch    base=${EXECDIR}
        | ${pr} =    Create Pull Request From Patch    change.diff    title=fix(search): find by customer    author=mia

        """
        from QMSLibrary.data import pull_request_from_patch

        return self._made(
            pull_request_from_patch(
                patch,
                base,
                author=author,
                title=title,
                description=description,
                base_branch=base_branch,
                head_branch=head_branch,
                repository=repository,
            )
        )

    @keyword
    def create_pull_request_from_webhook(
        self, payload: Any, *, clone: Path | None = None, files: Any = None
    ) -> PullRequest:
        """Makes a pull request of a payload that GitHub sent to a webhook, and returns it.

        ``payload`` is a dictionary, JSON text, or a file with it: the ``pull_request`` event or any other that carries
        a pull request. GitHub names no files there, so they come from a local ``clone`` that has the commits of base
        and head, or from a list of ``files``: what ``GET /repos/OWNER/NAME/pulls/NUMBER/files`` answers, as text, file
        or list, or another pull request.

        Example:
        | ${pr} =    Create Pull Request From Webhook    payload.json    clone=${EXECDIR}
        | ${pr} =    Create Pull Request From Webhook    payload.json    files=files.json

        """
        from QMSLibrary.data import pull_request_from_webhook

        return self._made(pull_request_from_webhook(payload, files=files, clone=clone))

    @keyword
    def get_unified_diff(
        self,
        pull_request: PullRequest,
        assertion_operator: Operator = None,
        assertion_expected: Any = None,
        message: str | None = None,
        *,
        context: int = 3,
    ) -> str:
        """Returns the changes of a pull request as git shows them, with ``context`` unchanged lines around each.

        ``git apply`` takes it on the state before. It fails for a pull request of which that state is not known.

        Example:
        | ${diff} =    Get Unified Diff    ${pr}
        | Get Unified Diff    ${pr}    contains    +++ b/CHANGELOG.md

        """
        from QMSLibrary.data import unified_diff

        diff = unified_diff(pull_request, context=context)
        self.say(f"The diff of {pull_request.id} has {diff.count(chr(10))} lines.", diff[:20_000])
        return str(check(diff, assertion_operator, assertion_expected, message, _asked("diff", pull_request)))

    @keyword
    def get_github_webhook_payload(
        self,
        pull_request: PullRequest,
        field: str | None = None,
        assertion_operator: Operator = None,
        assertion_expected: Any = None,
        message: str | None = None,
        *,
        action: Action = "opened",
        merged: bool = False,
        draft: bool = False,
        before: str | None = None,
        previous_title: str | None = None,
        previous_description: str | None = None,
    ) -> Any:
        """Returns the payload that GitHub sends to a webhook about a pull request, or one field of it.

        | =Option= | =What it says= |
        | action | ``opened``, ``synchronize``, ``edited``, ``ready_for_review``, ``closed``, or ``ping`` |
        | merged | closed by merging |
        | draft | it is a draft |
        | before | the head commit before ``synchronize`` |
        | previous_title, previous_description | what they were before ``edited`` |

        The payloads of one pull request agree on number, ids, addresses and commits, and are the same each time. After
        `Create Git Repository` the commits are those of the repository.

        Example:
        | ${payload} =    Get GitHub Webhook Payload    ${pr}    action=closed    merged=True
        | Log    ${payload.pull_request.number}
        | Get GitHub Webhook Payload    ${pr}    pull_request.changed_files    ==    15

        """
        from QMSLibrary.data import github_payload

        payload = github_payload(
            pull_request,
            action,
            merged=merged,
            draft=draft,
            before=before,
            previous_title=previous_title,
            previous_description=previous_description,
        )
        found = DotDict(payload) if field is None else lookup(DotDict(payload), field)
        self.say(f"GitHub's payload for {action} of {pull_request.id}.")
        return check(found, assertion_operator, assertion_expected, message, _asked(field or "payload", pull_request))

    def _made(self, pr: PullRequest) -> PullRequest:
        paths = "\n".join(f"{one.type} {one.path} +{one.additions} -{one.deletions}" for one in pr.files)
        empty = [one.path for one in pr.files if one.content is None and one.type is not ChangeType.DELETED]
        self.say(
            f"Pull request {pr.id} by {pr.author} in {pr.repository}: {pr.title!r}, {counted(len(pr.files), 'file')}, "
            f"{counted(pr.lines_changed, 'line')} changed."
            + (f" Without content: {', '.join(empty[:5])}." if empty else ""),
            paths,
        )
        return pr


def _asked(what: str, pull_request: PullRequest) -> Asked:
    """No service answers for a pull request's forms: they are made here."""
    return Asked(
        what=f"{what} of pull request {pull_request.id}", blame=None, look_at="the pull request itself, in the log"
    )
