"""A small real HTTP server that plays the two routes of a code host from which files are read."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass
class Branch:
    """The head of a pull request: a commit and its files, as ``running.FILES`` has them."""

    sha: str
    files: list[dict[str, Any]]


@dataclass
class CodeHost:
    """``branches[(repository, number)]`` is what there is; ``contents[(repository, sha, path)]`` follows from it."""

    branches: dict[tuple[str, int], Branch] = field(default_factory=dict)
    contents: dict[tuple[str, str, str], bytes] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    open: threading.Event = field(default_factory=threading.Event)
    """Not set: requests are taken and wait."""
    trouble: Callable[[str, int], tuple[int, dict[str, str], bytes] | None] = lambda path, count: None
    """Gets a path and how often it was asked for; gives the answer instead of the right one."""
    links_to: str | None = None
    """Where the ``Link`` header of a list says that its next page is; None: here."""

    def __post_init__(self) -> None:
        self.open.set()
        self._server: ThreadingHTTPServer | None = None
        self.port = 0
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        host = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                host.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True
            request_queue_size = 64

            def handle_error(self, *_: object) -> None:
                pass  # a client that was killed

        self._server = Server(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def push(self, repository: str, number: int, sha: str, files: list[dict[str, Any]]) -> None:
        self.branches[repository, number] = Branch(sha, files)
        for file in files:
            if file.get("content") is not None:
                content = file["content"]
                self.contents[repository, sha, file["path"]] = (
                    content if isinstance(content, bytes) else content.encode()
                )

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        self.asked.append((handler.path, dict(handler.headers)))
        self.open.wait()
        count = sum(path == handler.path for path, _ in self.asked)
        status, headers, body = self.trouble(handler.path, count) or self._right(parts.path, parse_qs(parts.query))
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def _right(self, path: str, query: dict[str, list[str]]) -> tuple[int, dict[str, str], bytes]:
        _, repos, owner, name, kind, *rest = path.split("/")
        repository = f"{owner}/{name}"
        if (repos, kind) == ("repos", "contents"):
            content = self.contents.get((repository, query["ref"][0], unquote("/".join(rest))))
            return (404, {}, b'{"message": "Not Found"}') if content is None else (200, {}, content)
        if (repos, kind, rest[1:]) == ("repos", "pulls", ["files"]):
            branch = self.branches.get((repository, int(rest[0])))
            if branch is not None:
                return self._list(path, repository, branch, int(query["page"][0]), int(query["per_page"][0]))
        return 404, {}, b'{"message": "Not Found"}'

    def _list(self, path: str, repository: str, branch: Branch, page: int, size: int) -> tuple[int, dict, bytes]:
        shown = branch.files[(page - 1) * size : page * size]
        entries = [
            {
                "sha": "b" * 40, "filename": file["path"], "status": file.get("status", file["type"]),
                "additions": file.get("additions", 0), "deletions": file.get("deletions", 0), "changes": 0,
                "blob_url": f"{self.links_to or self.url}/blob", "raw_url": f"{self.links_to or self.url}/raw",
                "contents_url": f"{self.links_to or self.url}/repos/{repository}/contents/x?ref={branch.sha}",
                "patch": "@@ -0,0 +1 @@\n+x",
                **({"previous_filename": file["previous_path"]} if "previous_path" in file else {}),
            }
            for file in shown
        ]  # fmt: skip
        headers = {"Content-Type": "application/json"}
        if page * size < len(branch.files):
            there = f"{self.links_to or self.url}{path}?per_page={size}&page={page + 1}"
            headers["Link"] = f'<{there}>; rel="next", <{there}>; rel="last"'
        return 200, headers, json.dumps(entries).encode()
