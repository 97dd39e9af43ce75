"""Test data: pull requests that could be real, and those that are."""

from __future__ import annotations

from .errors import GitError, WishError
from .git import pull_request_from_git
from .identity import derived_seed
from .pull_requests import create_pull_request, create_pull_requests, fix_pull_request, seed_of

__all__ = [
    "GitError",
    "WishError",
    "create_pull_request",
    "create_pull_requests",
    "derived_seed",
    "fix_pull_request",
    "pull_request_from_git",
    "seed_of",
]
