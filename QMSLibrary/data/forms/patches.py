"""Pull requests from patches: a unified diff, or mails of ``git format-patch``.

Git itself applies them, in a repository of their own that is removed again. An added file is in the patch as a whole.
Of a changed one the patch has only the places of change: its text is known when the base folder is given.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from QMSLibrary.contract.pull_requests import MAXIMUM_FILES, ChangeType, FileChange, PullRequest
from QMSLibrary.data.errors import PatchError
from QMSLibrary.data.identity import unique_part

from .git import branch_named_after
from .git_command import Git
from .git_files import changed_files, trees_between
from .mails import Mail, read_mails
from .patch_text import PatchText, Section, read_patch
from .paths import path_text
from .repository import import_trees
from .trees import FILE, SUBMODULE, Blob, Origin, Tree, Trees, remember_origin

_LARGEST: Final = 200_000_000


def pull_request_from_patch(
    patch: str | bytes | Path,
    base: str | Path | None = None,
    *,
    author: str | None = None,
    title: str | None = None,
    description: str | None = None,
    base_branch: str = "main",
    head_branch: str | None = None,
    repository: str | None = None,
) -> PullRequest:
    """The changes of a patch as a pull request.

    ``patch`` is a file, or the text itself (it has more than one line). ``base`` is a folder with the files as they
    were before: every line of context has to be there, as git demands it. Without it a file that the patch changes has
    no content (None), as a binary one has; its path and counts are right. Several mails are several commits; title,
    description, author and time are those of the cover letter, else of the last mail, unless given.

    PatchError when it is no patch, changes nothing, does not fit the base, or leads out of its folder.
    """
    text, name = _text(patch)
    mails = read_mails(text)
    applied = _Applied(Path(base) if base is not None else None)
    with tempfile.TemporaryDirectory(prefix="qms-patch-") as folder:
        files, trees = applied.all([read_patch(mail.patch) for mail in mails], Git(Path(folder), own=True))
    if not files:
        raise PatchError(f"{name} changes no file, so there is nothing to review.")
    if len(files) > MAXIMUM_FILES:
        raise PatchError(f"{name} changes {len(files)} files; a review takes at most {MAXIMUM_FILES}.")
    letter = _letter(mails)
    heading = (title or letter.subject or f"Patch {name}").strip()[:256]
    digest = hashlib.sha1(text, usedforsecurity=False).hexdigest()
    made = PullRequest(
        id=f"patch-{digest[:12]}-{unique_part()}",
        title=heading,
        description=(letter.body if description is None else description)[:65536],
        author=(author or letter.author or "unknown")[:128],
        repository=repository or "local/patch",
        base_branch=base_branch,
        head_branch=head_branch or branch_named_after(heading),
        created_at=letter.date or datetime.now(UTC),
        files=files,
    )
    return remember_origin(made, Origin(lambda: trees)) if trees is not None else made


def _text(patch: str | bytes | Path) -> tuple[bytes, str]:
    if isinstance(patch, bytes):
        return patch, "the patch"
    if isinstance(patch, str):
        if "\n" in patch:
            return patch.encode("utf-8", "surrogateescape"), "the patch"
        patch = Path(patch)
    try:
        if patch.stat().st_size > _LARGEST:
            raise PatchError(f"{patch} has {patch.stat().st_size} bytes; at most {_LARGEST} are read.")
        return patch.read_bytes(), patch.name
    except (OSError, ValueError) as error:
        if isinstance(error, PatchError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        raise PatchError(f"There is no patch {patch}: {reason}. Give a file, or the text of a patch.") from None


def _letter(mails: list[Mail]) -> Mail:
    """What speaks for the whole: a first mail without a patch, else the last one."""
    first = mails[0]
    cover = len(mails) > 1 and not first.patch.strip() and not first.subject.startswith("***")
    if not cover:
        return mails[-1]
    return Mail(b"", first.author, first.subject, first.body, first.date or mails[-1].date)


@dataclass
class _Unknown:
    """A file whose text the patch does not tell."""

    before: bytes | None
    """Its path before all of it; None when it is new."""
    additions: int = 0
    deletions: int = 0
    deleted: bool = False


class _Applied:
    """Patches applied one after the other."""

    def __init__(self, base: Path | None) -> None:
        if base is not None and not base.is_dir():
            raise PatchError(f"There is no folder {base} with the files before the patch.")
        self.base = base
        self.known: set[bytes] = set()
        self.unknown: dict[bytes, _Unknown] = {}

    def all(self, patches: list[PatchText], git: Git) -> tuple[list[FileChange], Trees | None]:
        """The changed files, and both trees when all of them are known to the byte."""
        before = self._before(patches)
        self.known = set(before)
        start, _ = import_trees(git, Trees(before, before))
        git.output("read-tree", start)
        for patch in patches:
            self._apply(patch, git)
        end = git.text("write-tree")
        files = {file.path: file for file in changed_files(git, start, end)}
        trees = trees_between(git, start, end) if not self.unknown else None
        for path, one in self.unknown.items():
            file = _file(path, one)
            files[file.path] = _both(file, files.get(file.path))
        return [files[path] for path in sorted(files)], trees

    def _before(self, patches: list[PatchText]) -> Tree:
        found: Tree = {}
        for section in (section for patch in patches for section in patch.sections):
            if section.submodule is not None and section.old is not None:
                found.setdefault(section.old, Blob(section.submodule, SUBMODULE))
            for path in (section.old, section.new):
                if path is not None and path not in found and self.base is not None:
                    blob = _read(self.base, path)
                    if blob is not None:
                        found[path] = blob
        return found

    def _apply(self, patch: PatchText, git: Git) -> None:
        told = [self._is_known(section) for section in patch.sections]
        for section, known in zip(patch.sections, told, strict=True):
            (self._note_known if known else self._note_unknown)(section)
        if any(told):
            text = b"".join(
                line for one, known in zip(patch.sections, told, strict=True) if known for line in one.lines
            )
            done = git.run("apply", "--cached", "--whitespace=nowarn", f"-p{patch.strip}", "-", given=text)
            if done.returncode != 0:
                raise PatchError(self._in_words(done.stderr.decode("utf-8", "replace")))

    def _is_known(self, section: Section) -> bool:
        if section.without_data:
            return False
        if section.old is None or section.old in self.known:
            return True
        if self.base is not None and section.old not in self.unknown:
            raise PatchError(
                f"The patch changes {path_text(section.old)}, which is not in the base folder {self.base}."
            )
        return False

    def _note_known(self, section: Section) -> None:
        if section.old is not None and not section.copied:
            self.known.discard(section.old)
        if section.new is not None:
            self.known.add(section.new)

    def _note_unknown(self, section: Section) -> None:
        if section.old is not None and section.copied:
            one = _Unknown(None)
        elif section.old is not None:
            one = self.unknown.pop(section.old, _Unknown(section.old))
        else:
            one = _Unknown(None)
        one.additions += section.additions
        one.deletions += section.deletions
        one.deleted = section.new is None
        if one.deleted and one.before is None:
            return  # it came and went
        place = section.new if section.new is not None else one.before
        assert place is not None
        self.unknown[place] = one

    def _in_words(self, said: str) -> str:
        """Git's complaint, with the file and the line to look at."""
        if match := re.search(r"patch failed: (.+):(\d+)$", said, re.MULTILINE):
            where = f"the base folder {self.base}" if self.base is not None else "what the patches before it made"
            return (
                f"The patch does not fit: {match[1]}, line {match[2]}. The lines that it expects there are not those "
                f"of {where}. Was it made for another version?"
            )
        if match := re.search(r"error: (.+): already exists in (?:index|working directory)", said):
            return f"The patch adds {match[1]}, which is in the base folder already."
        first = next((line for line in said.splitlines() if line.strip()), "git gave no reason")
        return f"git cannot apply the patch: {first.removeprefix('error: ').removeprefix('fatal: ')}"


def _read(base: Path, path: bytes) -> Blob | None:
    """A file of the base folder as git would keep it; None when there is none."""
    root = os.path.realpath(os.fsencode(base))
    place = os.path.join(root, path)
    inside = os.path.realpath(os.path.dirname(place))
    if inside != root and not inside.startswith(root + b"/"):
        raise PatchError(f"{path_text(path)} lies behind a link that leads out of the base folder {base}.")
    if os.path.islink(place):
        return Blob(os.readlink(place), "120000")
    if not os.path.isfile(place):
        return None
    with open(place, "rb") as file:
        return Blob(file.read(), "100755" if os.access(place, os.X_OK) else FILE)


def _file(path: bytes, one: _Unknown) -> FileChange:
    kind = ChangeType.MODIFIED
    previous = None
    if one.deleted:
        kind = ChangeType.DELETED
    elif one.before is None:
        kind = ChangeType.ADDED
    elif one.before != path:
        kind, previous = ChangeType.RENAMED, path_text(one.before)
    return FileChange(
        path=path_text(path), type=kind, additions=one.additions, deletions=one.deletions, previous_path=previous
    )


def _both(old: FileChange, new: FileChange | None) -> FileChange:
    """A file that one patch deleted and a later one added again was changed."""
    if new is None:
        return old
    return new.model_copy(update={"type": ChangeType.MODIFIED, "deletions": old.deletions})
