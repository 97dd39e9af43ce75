"""Reading the files of a pull request from a code host that speaks GitHub's REST API.

A webhook says that a pull request is there, not what is in it. Only the host of the settings is ever asked: addresses
are made here from a repository's name, a number, a path and a commit, and no redirect is followed.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any, Final, Protocol
from urllib.parse import parse_qs, quote, urlsplit

import aiohttp
import orjson
from pydantic import Field, TypeAdapter, ValidationError
from yarl import URL

from QMSLibrary.contract.model import Model
from QMSLibrary.contract.pull_requests import MAXIMUM_FILES, ChangeType, FileChange
from QMSLibrary.reference.kernel.call import MAXIMUM_BODY
from QMSLibrary.reference.kernel.settings import CodeHostSettings

_JSON: Final = "application/vnd.github+json"
_RAW: Final = "application/vnd.github.raw+json"
_PER_PAGE: Final = 100
_LONGEST_PAGE: Final = 32 << 20  # its entries carry the changes of each file as text, which we do not read
_LARGEST_FILE: Final = 1 << 20
_AT_ONCE: Final = 8
# https://docs.github.com/en/rest/pulls/pulls#list-pull-requests-files
_TYPES: Final = {
    "added": ChangeType.ADDED,
    "copied": ChangeType.ADDED,
    "removed": ChangeType.DELETED,
    "renamed": ChangeType.RENAMED,
    "modified": ChangeType.MODIFIED,
    "changed": ChangeType.MODIFIED,
}

Note = Callable[[str], Awaitable[None]]
"""Is told in words what is being waited for."""


class CodeHostError(Exception):
    """The files cannot be had. The message says what was asked and what the code host answered."""


class MovedOnError(CodeHostError):
    """The branch has a newer commit than the one that was asked about."""


class CodeHost(Protocol):
    """Something that knows the files of pull requests."""

    async def files(self, repository: str, number: int, head_sha: str, note: Note) -> list[FileChange]:
        """All files of a pull request as they are at ``head_sha``.

        ``note`` is told when something has to be waited for. Raises CodeHostError when it is no use to go on.
        """


class _Entry(Model):
    filename: str
    status: str
    additions: Annotated[int, Field(ge=0)] = 0
    deletions: Annotated[int, Field(ge=0)] = 0
    previous_filename: str | None = None
    contents_url: str | None = None


_ENTRIES: Final = TypeAdapter(list[_Entry])


@asynccontextmanager
async def github(settings: CodeHostSettings) -> AsyncIterator[CodeHost]:
    """The code host of the settings; its connections are closed at the end."""
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=_AT_ONCE),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=settings.timeout),
        headers={"User-Agent": "robotframework-qms", "X-GitHub-Api-Version": "2022-11-28"},
    ) as session:
        yield _GitHub(settings, session)


class _GitHub:
    def __init__(self, settings: CodeHostSettings, session: aiohttp.ClientSession) -> None:
        self._settings = settings
        self._session = session
        self._root = settings.url.rstrip("/")

    async def files(self, repository: str, number: int, head_sha: str, note: Note) -> list[FileChange]:
        root = f"/repos/{_path(repository)}"
        entries = [entry async for entry in self._entries(f"{root}/pulls/{number}/files", head_sha, note)]
        places = asyncio.Semaphore(_AT_ONCE)  # what is asked at once; the others need not hold their files already
        read = 0

        async def file(entry: _Entry) -> FileChange:
            nonlocal read
            content: bytes | None = None
            if _TYPES[entry.status] is not ChangeType.DELETED:
                async with places:
                    path = f"{root}/contents/{_path(entry.filename)}?ref={head_sha}"
                    content, _ = await self._get(path, _RAW, _LARGEST_FILE, note)
            read += len(content or b"")
            if read > MAXIMUM_BODY:
                raise CodeHostError(
                    f"the files of {repository} #{number} have more than {MAXIMUM_BODY >> 20} MiB, which is what a "
                    "review may have"
                )
            return _change(entry, content)

        tasks = [asyncio.create_task(file(entry)) for entry in entries]
        try:
            return list(await asyncio.gather(*tasks))
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _entries(self, path: str, head_sha: str, note: Note) -> AsyncIterator[_Entry]:
        count, page = 0, 1
        while True:
            content, headers = await self._get(f"{path}?per_page={_PER_PAGE}&page={page}", _JSON, _LONGEST_PAGE, note)
            for entry in _parsed(content, path):
                _refuse_other_commit(entry, head_sha)
                count += 1
                if count > MAXIMUM_FILES:
                    raise CodeHostError(f"{path} has more than {MAXIMUM_FILES} files, which nobody reviews")
                if entry.status != "unchanged":
                    yield entry
            # That there is a next page is the code host's word; where it is, is ours to say.
            if 'rel="next"' not in headers.get("Link", ""):
                return
            page += 1

    async def _get(self, path: str, accept: str, limit: int, note: Note) -> tuple[bytes | None, Mapping[str, str]]:
        """The content, None when there is more of it than ``limit`` bytes, and the headers."""
        settings = self._settings
        headers = {"Accept": accept}
        if settings.token is not None:
            headers["Authorization"] = f"Bearer {settings.token}"
        pause = settings.first_pause
        for attempt in range(1, settings.tries + 1):
            asked_for = 0.0
            try:
                async with self._session.get(
                    URL(self._root + path, encoded=True), headers=headers, allow_redirects=False
                ) as answer:
                    if answer.status == 200:
                        return await _read(answer, limit), answer.headers
                    trouble = f"the code host answered {answer.status} to GET {path}"
                    if not await _passes(answer):
                        raise CodeHostError(trouble)
                    asked_for = _seconds(answer.headers.get("Retry-After"))
            except TimeoutError:
                trouble = f"the code host did not answer GET {path} within {settings.timeout:g} s"
            except aiohttp.ClientError as error:
                trouble = f"the code host cannot be reached for GET {path}: {error or type(error).__name__}"
            if attempt < settings.tries:
                await note(f"{trouble}; that was try {attempt} of {settings.tries}")
                wait = max(pause * random.uniform(0.75, 1.25), asked_for)
                await asyncio.sleep(min(wait, settings.longest_pause))
                pause = min(pause * 2, settings.longest_pause)
        raise CodeHostError(f"{trouble}, {settings.tries} times over")


async def _passes(answer: aiohttp.ClientResponse) -> bool:
    """Whether waiting may help. GitHub says 403 both for "never" and for "you have asked too often"."""
    if answer.status >= 500 or answer.status == 429:
        return True
    if answer.status != 403:
        return False
    if answer.headers.get("X-RateLimit-Remaining") == "0" or "Retry-After" in answer.headers:
        return True
    return b"rate limit" in (await _read(answer, 1 << 16) or b"").lower()


async def _read(answer: aiohttp.ClientResponse, limit: int) -> bytes | None:
    content = bytearray()
    async for chunk in answer.content.iter_chunked(1 << 16):
        content += chunk
        if len(content) > limit:
            return None
    return bytes(content)


def _seconds(text: str | None) -> float:
    return float(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 9 else 0.0


def _path(name: str) -> str:
    """``name`` as a part of an address. Refuses what would lead out of the place it belongs to."""
    if any(part in ("", ".", "..") for part in name.split("/")):
        raise CodeHostError(f"{name!r} is no name that a repository can hold")
    return quote(name, safe="/")


def _parsed(content: bytes | None, path: str) -> list[_Entry]:
    try:
        entries = _ENTRIES.validate_python(orjson.loads(content or b""))
    except (ValidationError, ValueError):
        raise CodeHostError(f"what the code host answered to GET {path} is no list of files") from None
    unknown = next((entry for entry in entries if entry.status not in {*_TYPES, "unchanged"}), None)
    if unknown is not None:
        raise CodeHostError(f"the code host calls {unknown.filename!r} {unknown.status!r}, which says nothing to us")
    return entries


def _refuse_other_commit(entry: _Entry, head_sha: str) -> None:
    """The list is of the branch as it is now; its entries say which commit that is."""
    if entry.contents_url is None:
        return
    refs: dict[str, Any] = parse_qs(urlsplit(entry.contents_url).query)
    ref = refs.get("ref", [head_sha])[0]
    if ref != head_sha:
        raise MovedOnError(f"the branch has moved on from {head_sha} to {ref}")


def _change(entry: _Entry, content: bytes | None) -> FileChange:
    text: str | None = None
    if content is not None:
        try:
            text = content.decode()
        except UnicodeDecodeError:
            text = None  # a picture, or a file in another encoding: there is no text to review
    try:
        return FileChange(
            path=entry.filename,
            type=_TYPES[entry.status],
            additions=entry.additions,
            deletions=entry.deletions,
            content=text,
            previous_path=entry.previous_filename,
        )
    except ValidationError:
        raise CodeHostError(f"the code host names a file {entry.filename[:80]!r}, which is no path") from None
