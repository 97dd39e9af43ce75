"""Patches as mails: what ``git format-patch`` writes, one or several. Git itself reads them."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from QMSLibrary.data.errors import PatchError

from .git_command import Git


@dataclass(frozen=True)
class Mail:
    """One mail, or a patch that is none."""

    patch: bytes
    author: str = ""
    subject: str = ""
    body: str = ""
    date: datetime | None = None


def read_mails(text: bytes) -> list[Mail]:
    """The mails in a text, in order; a bare diff is a mail that says nothing about itself."""
    head = text[:20_000].lstrip()
    before_diff = re.split(rb"^(?:diff --git |--- )", head, maxsplit=1, flags=re.MULTILINE)[0]
    if not (re.match(rb"From [0-9a-f]{40} ", head) or re.search(rb"^Subject: ", before_diff, re.MULTILINE)):
        return [Mail(text)]
    with tempfile.TemporaryDirectory(prefix="qms-mail-") as folder:
        place = Path(folder)
        (place / "all").write_bytes(text.lstrip())
        git = Git(place, own=True)
        # A carriage return belongs to the text unless the transport put one behind every header as well.
        kept = [] if re.match(rb"[^\n]*\r\n", head) else ["--keep-cr"]
        git.output("mailsplit", "-b", *kept, "-o.", "all")
        return [_mail(git, place, one) for one in sorted(place.glob("[0-9]*"))]


def _mail(git: Git, place: Path, mail: Path) -> Mail:
    done = git.run("mailinfo", "--encoding=UTF-8", "message", "patch", given=mail.read_bytes())
    if done.returncode != 0:
        raise PatchError(f"Mail {int(mail.name)} cannot be read: {done.stderr.decode('utf-8', 'replace').strip()}")
    said = dict(re.findall(r"^(Author|Subject|Date): (.*)$", done.stdout.decode("utf-8", "replace"), re.MULTILINE))
    return Mail(
        patch=(place / "patch").read_bytes(),
        author=said.get("Author", ""),
        subject=said.get("Subject", ""),
        body=(place / "message").read_bytes().decode("utf-8", "replace").strip(),
        date=_date(said.get("Date", "")),
    )


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
