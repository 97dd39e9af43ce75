"""Test data: pull requests that could be real, and those that are."""

from __future__ import annotations

from .errors import GitError, WishError
from .git import pull_request_from_git
from .identity import derived_seed
from .pull_requests import author_of, create_pull_request, create_pull_requests, fix_pull_request, seed_of
from .support import head_of, support_of

__all__ = [
    "GitError",
    "WishError",
    "author_of",
    "create_pull_request",
    "create_pull_requests",
    "derived_seed",
    "fix_pull_request",
    "head_of",
    "pull_request_from_git",
    "seed_of",
    "support_of",
]
