"""Test data: pull requests that could be real, and those that are."""

from __future__ import annotations

from .errors import GitError, PatchError, PayloadError, WishError
from .forms.diff import unified_diff
from .forms.git import pull_request_from_git
from .forms.patches import pull_request_from_patch
from .forms.repository import create_git_repository
from .forms.webhook_reading import pull_request_from_webhook
from .forms.webhooks import github_payload
from .identity import derived_seed
from .pull_requests import author_of, create_pull_request, create_pull_requests, fix_pull_request, seed_of
from .support import head_of, support_of

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
