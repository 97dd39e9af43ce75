"""Pull requests from GitHub's webhook payloads.

A payload says everything about a pull request but its files. They come from a clone, or from a list.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from QMSLibrary.contract.pull_requests import MAXIMUM_FILES, ChangeType, FileChange, PullRequest
from QMSLibrary.data.errors import GitError, PayloadError
from QMSLibrary.data.identity import unique_part

from .git_command import Git, repository_at
from .git_files import changed_files, trees_between
from .trees import Origin, remember_origin

_STATUS: Final = {
    "added": ChangeType.ADDED,
    "copied": ChangeType.ADDED,
    "removed": ChangeType.DELETED,
    "deleted": ChangeType.DELETED,
    "renamed": ChangeType.RENAMED,
    "modified": ChangeType.MODIFIED,
    "changed": ChangeType.MODIFIED,
}
_HOW: Final = (
    "A payload of GitHub names no files. Give clone= (a local clone that has both commits) or files= (a list: what "
    "`GET /repos/OWNER/NAME/pulls/NUMBER/files` answers, or the files of another pull request)."
)
Json = Mapping[str, Any]


def pull_request_from_webhook(
    payload: Json | str | bytes | Path, *, files: Any = None, clone: str | Path | None = None
) -> PullRequest:
    """The pull request that a payload of GitHub is about: any event that carries one.

    ``payload`` is a dictionary, JSON text, or a file with it. ``clone``: a local repository with the commits of base
    and head; the changes are those since their merge base, as GitHub shows them. ``files``: a list in GitHub's form or
    in ours, as JSON text or a file as well. What a payload leaves out has GitHub's own stand-ins: a deleted account is
    ``ghost``, no description is an empty one.

    PayloadError when it is no such payload or no files can be had; GitError when the clone lacks a commit.
    """
    data = _read(payload, "payload")
    pull = _pull_request(data)
    if files is None and clone is None:
        raise PayloadError(_HOW)
    if files is not None and clone is not None:
        raise PayloadError("Give files= or clone=, not both: they might disagree.")
    base, head = _part(pull, "base"), _part(pull, "head")
    repository = _repository(data, base)
    origin = None
    if clone is not None:
        git = repository_at(Path(clone))
        start = _merge_base(git, _sha(base, "base"), _sha(head, "head"), pull)
        changed = changed_files(git, start, _sha(head, "head"))
        end = _sha(head, "head")
        origin = Origin(
            lambda: trees_between(git, start, end),
            _sha(base, "base"),
            lambda: int(git.text("rev-list", "--count", f"{start}..{end}")),
        )
    else:
        changed = _files(files)
        _complete(pull, changed)
    if not 0 < len(changed) <= MAXIMUM_FILES:
        raise PayloadError(f"{len(changed)} changed files: a review takes 1 to {MAXIMUM_FILES}.")
    number = pull.get("number") or data.get("number") or 0
    made = PullRequest(
        id=f"{repository.partition('/')[2][:80]}-{number}-{unique_part()}",
        title=str(pull.get("title") or "").strip()[:256] or "(no subject)",
        description=str(pull.get("body") or "")[:65536],
        author=_author(pull),
        repository=repository,
        base_branch=_ref(base, "base"),
        head_branch=_ref(head, "head"),
        head_sha=_sha(head, "head"),
        created_at=_moment(pull.get("created_at")),
        files=changed,
    )
    return remember_origin(made, origin) if origin is not None else made


def _read(value: Any, what: str) -> Any:
    """A value itself, or what a JSON text or a file says."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, str) and not value.lstrip().startswith(("{", "[")):
        value = Path(value)
    if isinstance(value, Path):
        try:
            value = value.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            raise PayloadError(f"The {what} in {value} is no UTF-8 text, as JSON has to be.") from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise PayloadError(f"The {what} is no JSON text and no file: {str(value)[:200]!r} ({reason}).") from None
    if isinstance(value, str):
        try:
            return json.loads(value)
        except (ValueError, RecursionError) as error:
            raise PayloadError(f"The {what} is no JSON: {error}.") from None
    return value


def _pull_request(data: Any) -> Json:
    if not isinstance(data, Mapping):
        seen = "a list" if isinstance(data, list | tuple) else f"something that is none: {str(data)[:60]!r}"
        raise PayloadError(f"A payload of GitHub is a JSON object with fields, not {seen}.")
    pull = data.get("pull_request")
    if isinstance(pull, Mapping) and isinstance(pull.get("head"), Mapping):
        return pull
    if "zen" in data:
        raise PayloadError("This is GitHub's ping, which it sends once for a new webhook; it is about no pull request.")
    if isinstance(data.get("issue"), Mapping) and data["issue"].get("pull_request"):
        raise PayloadError("This is an event about a comment on a pull request; it does not say what the branches are.")
    keys = ", ".join(list(map(str, data))[:12]) or "none"
    raise PayloadError(f"This payload is about no pull request: it has no 'pull_request' with a head. It has: {keys}.")


def _part(pull: Json, name: str) -> Json:
    part = pull.get(name)
    if not isinstance(part, Mapping):
        raise PayloadError(f"The pull request in this payload has no {name!r}.")
    return part


def _repository(data: Json, base: Json) -> str:
    # The repository of a fork may be gone (null); that of the base is where the review happens.
    for place in (base.get("repo"), data.get("repository")):
        name = place.get("full_name") if isinstance(place, Mapping) else None
        if isinstance(name, str) and re.fullmatch(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+", name):
            return name
    raise PayloadError("This payload does not say in which repository the pull request is (base.repo.full_name).")


def _author(pull: Json) -> str:
    user = pull.get("user")
    login = user.get("login") if isinstance(user, Mapping) else None
    return str(login or "ghost")[:128]


def _ref(part: Json, name: str) -> str:
    value = part.get("ref")
    if not isinstance(value, str) or not value:
        raise PayloadError(f"The pull request in this payload does not name its {name} branch ({name}.ref).")
    return value[:255]


def _sha(part: Json, name: str) -> str:
    value = part.get("sha")
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{40}", value):
        raise PayloadError(f"The pull request in this payload does not name its {name} commit ({name}.sha).")
    return value


def _moment(value: Any) -> datetime:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        raise PayloadError(f"The pull request in this payload has no time it was created at: {value!r}.") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _merge_base(git: Git, base: str, head: str, pull: Json) -> str:
    number = pull.get("number", "NUMBER")
    for name, sha, fetch in (("base", base, f"git fetch origin {base}"), ("head", head, f"pull/{number}/head")):
        if git.commit(sha) is None:
            command = fetch if name == "base" else f"git fetch origin {fetch}"
            raise GitError(f"The {name} commit {sha} is not in {git.path}. Run there: {command}")
    found = git.try_text("merge-base", base, head)
    if not found:
        raise GitError(
            f"The commits {base[:12]} and {head[:12]} in {git.path} have no common ancestor (shallow clone?)."
        )
    return found


def _files(files: Any) -> list[FileChange]:
    if isinstance(files, PullRequest):
        return list(files.files)
    found = _read(files, "list of files") if isinstance(files, str | bytes | Path) else files
    if isinstance(found, Mapping) or not isinstance(found, Sequence):
        raise PayloadError("files= is a list: of GitHub's entries (filename, status, …) or of a pull request's files.")
    return [_file(one) for one in found]


def _file(entry: Any) -> FileChange:
    if isinstance(entry, FileChange):
        return entry
    if not isinstance(entry, Mapping):
        raise PayloadError(f"A file is an object with filename and status, not {entry!r:.60}.")
    if "filename" not in entry:
        return FileChange.model_validate(dict(entry))
    status, path = str(entry.get("status", "modified")), str(entry["filename"])
    if status not in _STATUS:
        raise PayloadError(f"{path}: GitHub has no status {status!r} of a changed file.")
    kind, additions = _STATUS[status], _count(entry, "additions")
    previous = entry.get("previous_filename") if kind is ChangeType.RENAMED else None
    return FileChange(
        path=path,
        type=kind,
        additions=additions,
        deletions=_count(entry, "deletions"),
        content=_added_text(str(entry["patch"]), additions) if status == "added" and entry.get("patch") else None,
        previous_path=str(previous) if previous else None,
    )


def _count(entry: Json, name: str) -> int:
    value = entry.get(name) or 0
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise PayloadError(f"{entry['filename']}: {name} is a number of lines, not {value!r:.40}.")
    return value


def _added_text(patch: str, additions: int) -> str | None:
    """The whole of an added file from its hunk; None when GitHub has cut it off."""
    lines = patch.split("\n")
    ended = not lines[-1].startswith("\\")
    added = [line[1:] for line in lines if line.startswith("+")]
    if len(added) != additions:
        return None
    return "\n".join(added) + ("\n" if ended else "")


def _complete(pull: Json, files: list[FileChange]) -> None:
    """GitHub lists files in pages, so it is easy to give only the first of them."""
    said = pull.get("changed_files")
    if isinstance(said, int) and said != len(files):
        more = " GitHub answers at most 100 files a page, and 3,000 in all." if said > len(files) else ""
        raise PayloadError(f"The payload says that {said} files were changed; files= has {len(files)}.{more}")
