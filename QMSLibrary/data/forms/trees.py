"""What a repository holds before and after a pull request, to the byte.

The contract's pull request has the text of its files at the head. Where it came from is remembered beside it, because a
diff and a repository need more: what was there before, modes, and bytes that are no text.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from QMSLibrary.contract.pull_requests import ChangeType, PullRequest
from QMSLibrary.data.errors import WishError
from QMSLibrary.data.pull_requests import recipe_of

from .before import base_tree

FILE: Final = "100644"
SUBMODULE: Final = "160000"
_REMEMBERED: Final = 2_000


@dataclass(frozen=True)
class Blob:
    """A file's bytes and its mode as git writes it; a submodule's are the name of its commit."""

    data: bytes
    mode: str = FILE


Tree = dict[bytes, Blob]


@dataclass(frozen=True)
class Trees:
    """Both ends, file by file; what a change does not touch may be left out of both."""

    base: Tree
    head: Tree


@dataclass(frozen=True)
class Origin:
    """Where a pull request came from that was not made here."""

    trees: Callable[[], Trees] | None
    """Raises GitError when it cannot be read any more; None where the pull request itself says all there is."""
    base_sha: str | None = None
    commits: Callable[[], int] = lambda: 1
    """How many commits lie between the two ends."""


_origins: OrderedDict[str, Origin] = OrderedDict()


def remember_origin(pull_request: PullRequest, origin: Origin) -> PullRequest:
    """Keep in mind where a pull request came from; returns the pull request."""
    _origins[pull_request.id] = origin
    _origins.move_to_end(pull_request.id)
    while len(_origins) > _REMEMBERED:
        _origins.popitem(last=False)
    return pull_request


def origin_of(pull_request: PullRequest) -> Origin | None:
    """Where it came from, when it was not made here and is not forgotten."""
    return _origins.get(pull_request.id)


def trees_of(pull_request: PullRequest) -> Trees:
    """Both ends of a pull request. WishError when what was there before it is not known."""
    if recipe_of(pull_request) is None:
        origin = origin_of(pull_request)
        known = origin.trees if origin is not None else None
        return known() if known is not None else _all_new(pull_request)
    base = {path.encode(): Blob(text.encode()) for path, text in base_tree(pull_request).items()}
    head = dict(base)
    for file in pull_request.files:
        path = file.path.encode()
        if file.type is ChangeType.DELETED:
            head.pop(path, None)
            continue
        if file.previous_path is not None:
            head.pop(file.previous_path.encode(), None)
        if file.content is None:
            raise WishError(f"The content of {file.path} is not known, so neither a diff nor a repository can hold it.")
        head[path] = Blob(file.content.encode())
    return Trees(base, dict(sorted(head.items())))


def _all_new(pull_request: PullRequest) -> Trees:
    """The trees of a pull request of unknown origin, which are known where it only adds files."""
    old = [file.path for file in pull_request.files if file.type is not ChangeType.ADDED or file.content is None]
    if old:
        raise WishError(
            f"Pull request {pull_request.id} changes files that were there before, and what they held is not known "
            f"(neither this run nor git made it): {', '.join(old[:3])}{' …' if len(old) > 3 else ''}. Take it from git "
            "(`Create Pull Request From Git`), or from a patch with its base folder."
        )
    return Trees({}, {file.path.encode(): Blob((file.content or "").encode()) for file in pull_request.files})
