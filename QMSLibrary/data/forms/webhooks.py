"""GitHub's webhook payloads of a pull request.

Everything in a payload follows from the pull request: the same one gives the same payload, and all payloads of one
agree on its number, ids and addresses. Tests hold them against the schema that octokit publishes.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from QMSLibrary.contract.pull_requests import PullRequest
from QMSLibrary.data.errors import WishError, unknown
from QMSLibrary.data.files import read_yaml

from .trees import origin_of

API: Final = "https://api.github.com"
WEB: Final = "https://github.com"
PULL_REQUEST_ACTIONS: Final = ("opened", "synchronize", "edited", "ready_for_review", "closed")
ACTIONS: Final = (*PULL_REQUEST_ACTIONS, "ping")
Json = dict[str, Any]
_MINUTES: Final = {"opened": 0, "edited": 12, "ready_for_review": 25, "synchronize": 48, "closed": 95}


def github_payload(
    pull_request: PullRequest,
    action: str = "opened",
    *,
    merged: bool = False,
    draft: bool = False,
    before: str | None = None,
    previous_title: str | None = None,
    previous_description: str | None = None,
) -> Json:
    """The body of the ``pull_request`` event with this action, or of ``ping``.

    ``merged`` goes with closed, ``draft`` with all but ready_for_review and merging, ``before`` (the head commit until
    then, 40 hexadecimal digits) with synchronize, the previous title or description with edited. WishError for an
    unknown action and for options that contradict it.
    """
    if action not in ACTIONS:
        raise unknown("action", action, ACTIONS)
    _agree(action, merged, draft, before, previous_title, previous_description)
    facts = _Facts(pull_request)
    if action == "ping":
        return facts.ping()
    payload: Json = {"action": action, "number": facts.number}
    if action == "synchronize":
        payload |= {"before": before or facts.sha("before"), "after": facts.head_sha}
    if action == "edited":
        payload["changes"] = _changes(pull_request, previous_title, previous_description)
    payload["pull_request"] = facts.pull_request(action, merged=merged, draft=draft)
    return payload | {"repository": facts.repository(), "sender": facts.author}


def _agree(
    action: str, merged: bool, draft: bool, before: str | None, title: str | None, description: str | None
) -> None:
    if merged and action != "closed":
        raise WishError(f"merged=True goes with action=closed, not with action={action}.")
    if draft and (merged or action in ("ready_for_review", "ping")):
        raise WishError("draft=True goes neither with ready_for_review nor with ping, and a draft cannot be merged.")
    if before is not None and (action != "synchronize" or len(before) != 40 or set(before) - set("0123456789abcdef")):
        raise WishError("before= goes with action=synchronize and is a commit: 40 hexadecimal digits.")
    if action != "edited" and not (title is None and description is None):
        raise WishError(f"A previous title or description goes with action=edited, not with action={action}.")


def _changes(pull_request: PullRequest, title: str | None, description: str | None) -> Json:
    if title is None and description is None:
        title = f"WIP: {pull_request.title}"[:256]
    said = {"title": title, "body": description}
    return {name: {"from": text} for name, text in said.items() if text is not None}


@lru_cache(maxsize=1)
def _github() -> Json:
    return read_yaml("forms/github.yaml")


class _Facts:
    """What GitHub would know about a pull request."""

    def __init__(self, pull_request: PullRequest) -> None:
        self.it = pull_request
        self.full_name = pull_request.repository
        self.owner_name, _, self.name = self.full_name.partition("/")
        self.number = self._number("number", pull_request.id, most=99_999)
        self.api = f"{API}/repos/{self.full_name}"
        self.web = f"{WEB}/{self.full_name}"
        self.author = self._user(pull_request.author, "Bot" if _is_bot(pull_request.author) else "User")
        self.owner = self._user(self.owner_name, "Organization")
        self.origin = origin_of(pull_request)
        self.head_sha = pull_request.head_sha or self.sha("head")
        self.base_sha = (self.origin and self.origin.base_sha) or self.sha("base")

    def sha(self, what: str) -> str:
        """A commit that is nowhere but in the payloads of this pull request."""
        contents = "\0".join(f"{file.path}\0{file.content}" for file in self.it.files)
        return hashlib.sha1(f"{what}\0{self.it.id}\0{contents}".encode(), usedforsecurity=False).hexdigest()

    def repository(self, *, merging: bool = False) -> Json:
        github, begun = _github(), _time(datetime(2023, 4, 3, 8, 30, tzinfo=UTC))
        urls = {name: self.api + ending for name, ending in github["repository_urls"].items()}
        identity = self._number("repository", self.full_name)
        return {
            "id": identity,
            "node_id": _node("Repository", identity),
            "name": self.name,
            "full_name": self.full_name,
            "owner": self.owner,
            "html_url": self.web,
            "url": self.api,
            **urls,
            "created_at": begun,
            "updated_at": begun,
            "pushed_at": _time(self.it.created_at),
            "git_url": f"git://github.com/{self.full_name}.git",
            "ssh_url": f"git@github.com:{self.full_name}.git",
            "clone_url": f"{self.web}.git",
            "svn_url": self.web,
            **github["repository"],
            "topics": [],
            "custom_properties": {},
            "default_branch": "main" if self.it.base_branch.startswith("release") else self.it.base_branch,
            **(github["merging"] if merging else {}),
        }

    def pull_request(self, action: str, *, merged: bool, draft: bool) -> Json:
        it, number = self.it, self.number
        url, issue = f"{self.api}/pulls/{number}", f"{self.api}/issues/{number}"
        changed = it.created_at + timedelta(minutes=_MINUTES[action])
        identity = self._number("pull request", it.id)
        closed = _time(changed) if action == "closed" else None
        links = {
            "self": url,
            "html": f"{self.web}/pull/{number}",
            "issue": issue,
            "comments": f"{issue}/comments",
            "review_comments": f"{url}/comments",
            "review_comment": f"{self.api}/pulls/comments{{/number}}",
            "commits": f"{url}/commits",
            "statuses": f"{self.api}/statuses/{self.head_sha}",
        }
        known = action != "opened"  # GitHub works out whether it can be merged after it was opened
        return {
            "url": url,
            "id": identity,
            "node_id": _node("PullRequest", identity),
            "html_url": links["html"],
            "diff_url": f"{links['html']}.diff",
            "patch_url": f"{links['html']}.patch",
            "issue_url": issue,
            "number": number,
            "state": "closed" if closed else "open",
            "locked": False,
            "title": it.title,
            "user": self.author,
            "body": it.description or None,
            "created_at": _time(it.created_at),
            "updated_at": _time(changed),
            "closed_at": closed,
            "merged_at": closed if merged else None,
            "merge_commit_sha": self.sha("merge") if known else None,
            "assignee": None,
            "assignees": [],
            "requested_reviewers": [],
            "requested_teams": [],
            "labels": [],
            "milestone": None,
            **{f"{name}_url": links[name] for name in ("commits", "review_comments", "review_comment", "comments")},
            "statuses_url": links["statuses"],
            "head": self._end(it.head_branch, self.head_sha),
            "base": self._end(it.base_branch, self.base_sha),
            "_links": {name: {"href": address} for name, address in links.items()},
            "author_association": "CONTRIBUTOR" if self.author["type"] == "Bot" else "MEMBER",
            "auto_merge": None,
            "active_lock_reason": None,
            "draft": draft,
            "merged": merged,
            "mergeable": True if known and not closed else None,
            "rebaseable": True if known and not closed else None,
            "mergeable_state": "draft" if draft else "clean" if known and not closed else "unknown",
            "merged_by": self.owner_of_merge() if merged else None,
            "comments": 0,
            "review_comments": 0,
            "maintainer_can_modify": False,
            "commits": self.origin.commits() if self.origin else 1,
            "additions": sum(file.additions for file in it.files),
            "deletions": sum(file.deletions for file in it.files),
            "changed_files": len(it.files),
        }

    def owner_of_merge(self) -> Json:
        """Somebody else than the author merges."""
        return self._user(f"{self.owner_name}-maintainer", "User")

    def ping(self) -> Json:
        identity = self._number("hook", self.full_name)
        url, begun = f"{self.api}/hooks/{identity}", _time(datetime(2023, 4, 3, 9, 0, tzinfo=UTC))
        return {
            "zen": "Design for failure.",
            "hook_id": identity,
            "hook": {
                "type": "Repository",
                "id": identity,
                "name": "web",
                "active": True,
                "events": ["pull_request"],
                "config": {
                    "content_type": "json",
                    "url": "https://qms.example.com/api/webhooks/github",
                    "insecure_ssl": "0",
                },
                "updated_at": begun,
                "created_at": begun,
                "url": url,
                "test_url": f"{url}/test",
                "ping_url": f"{url}/pings",
                "deliveries_url": f"{url}/deliveries",
                "last_response": {"code": None, "status": "unused", "message": None},
            },
            "repository": self.repository(),
            "sender": self.author,
        }

    def _end(self, branch: str, sha: str) -> Json:
        return {
            "label": f"{self.owner_name}:{branch}",
            "ref": branch,
            "sha": sha,
            "user": self.owner,
            "repo": self.repository(merging=True),
        }

    def _user(self, login: str, kind: str) -> Json:
        identity = self._number("user", login)
        plain = login.removesuffix("[bot]").replace(" ", "-")
        url = f"{API}/users/{plain}{'%5Bbot%5D' if login.endswith('[bot]') else ''}"
        return {
            "login": login,
            "id": identity,
            "node_id": _node(kind, identity),
            "avatar_url": f"https://avatars.githubusercontent.com/u/{identity}?v=4",
            "gravatar_id": "",
            "url": url,
            "html_url": f"{WEB}/{'apps/' if kind == 'Bot' else ''}{plain}",
            **{name: url + ending for name, ending in _github()["user_urls"].items()},
            "type": kind,
            "site_admin": False,
        }

    def _number(self, *parts: object, most: int = 2**31 - 1) -> int:
        digest = hashlib.blake2b("\0".join(map(str, parts)).encode(), digest_size=8).digest()
        return int.from_bytes(digest) % most + 1


def _is_bot(author: str) -> bool:
    return author.endswith(("[bot]", "-bot"))


def _node(kind: str, number: int) -> str:
    """The form that GitHub gave its node ids until 2021; its newer one is not documented."""
    return base64.b64encode(f"{len(kind):03}:{kind}{number}".encode()).decode()


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
