"""Test data: pull requests that could be real, and those that are."""

from __future__ import annotations

from .diff import unified_diff
from .errors import GitError, PatchError, PayloadError, WishError
from .git import pull_request_from_git
from .identity import derived_seed
from .patches import pull_request_from_patch
from .pull_requests import author_of, create_pull_request, create_pull_requests, fix_pull_request, seed_of
from .repository import create_git_repository
from .support import head_of, support_of
from .webhook_reading import pull_request_from_webhook
from .webhooks import github_payload

__all__ = [
    "GitError",
    "PatchError",
    "PayloadError",
    "WishError",
    "author_of",
    "create_git_repository",
    "create_pull_request",
    "create_pull_requests",
    "derived_seed",
    "fix_pull_request",
    "github_payload",
    "head_of",
    "pull_request_from_git",
    "pull_request_from_patch",
    "pull_request_from_webhook",
    "seed_of",
    "support_of",
    "unified_diff",
]
