"""Webhooks as GitHub sends them: with many more fields than anybody here reads."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

ELSEWHERE = "https://elsewhere.invalid"


def account(login: str) -> dict[str, Any]:
    return {
        "login": login, "id": 21031067, "node_id": "MDQ6VXNlcjIxMDMxMDY3", "type": "User", "site_admin": False,
        "url": f"{ELSEWHERE}/users/{login}", "html_url": f"{ELSEWHERE}/{login}", "gravatar_id": "",
    }  # fmt: skip


def repository(full_name: str, elsewhere: str = ELSEWHERE) -> dict[str, Any]:
    owner, _, name = full_name.partition("/")
    return {
        "id": 186853002, "node_id": "MDEwOlJlcG9zaXRvcnkxODY4NTMwMDI=", "name": name, "full_name": full_name,
        "private": False, "owner": account(owner), "url": f"{elsewhere}/repos/{full_name}", "default_branch": "main",
        "contents_url": f"{elsewhere}/repos/{full_name}/contents/{{+path}}", "visibility": "public",
    }  # fmt: skip


def pull_request_hook(
    action: str = "opened",
    number: int = 2,
    *,
    full_name: str = "octo-org/hello",
    author: str = "octocat",
    sender: str = "octocat",
    head_sha: str = "a" * 40,
    title: str = "feat: add a greeting",
    body: str | None = "Adds a greeting to the start page, with a test and a word in the documentation.",
    branch: str = "feature/greeting",
    draft: bool = False,
    elsewhere: str = ELSEWHERE,
    **more: Any,
) -> dict[str, Any]:
    url = f"{elsewhere}/repos/{full_name}/pulls/{number}"
    return {
        "action": action,
        "number": number,
        "pull_request": {
            "url": url, "id": 279147437, "html_url": url, "diff_url": f"{url}.diff", "commits_url": f"{url}/commits",
            "number": number, "state": "open", "locked": False, "title": title, "user": account(author), "body": body,
            "created_at": "2026-05-15T15:20:33Z", "updated_at": "2026-05-15T15:20:33Z", "merged_at": None,
            "draft": draft, "merged": False, "mergeable": None, "author_association": "OWNER", "labels": [],
            "head": {
                "label": f"{author}:{branch}", "ref": branch, "sha": head_sha, "user": account(author),
                "repo": repository(full_name, elsewhere),
            },
            "base": {
                "label": "octo-org:main", "ref": "main", "sha": "f" * 40, "user": account("octo-org"),
                "repo": repository(full_name, elsewhere),
            },
            "additions": 9, "deletions": 0, "changed_files": 3, "commits": 1,
        },
        "repository": repository(full_name, elsewhere),
        "sender": account(sender),
        **more,
    }  # fmt: skip


def signature(secret: str, raw: bytes, algorithm: str = "sha256") -> str:
    return f"{algorithm}=" + hmac.new(secret.encode(), raw, getattr(hashlib, algorithm)).hexdigest()


def raw_of(payload: Any) -> bytes:
    return json.dumps(payload).encode()
