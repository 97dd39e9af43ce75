"""Small real receivers of notifications: one that speaks HTTP and one that speaks SMTP, each on a port of its own."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Inbox:
    """What a receiver got, and what it answers."""

    def __init__(self) -> None:
        self.items: list[dict[str, Any]] = []
        self.answer: Callable[[int], int] = lambda number: 200
        """HTTP status (or SMTP code) for the n-th message, counted from 1."""
        self.url = ""
        self._changed = threading.Condition()

    def take(self, item: dict[str, Any]) -> int:
        with self._changed:
            self.items.append(item)
            self._changed.notify_all()
            return self.answer(len(self.items))

    def wait_for(self, count: int, timeout: float = 10) -> list[dict[str, Any]]:
        with self._changed:
            got = self._changed.wait_for(lambda: len(self.items) >= count, timeout)
            assert got, f"{len(self.items)} of {count} messages came within {timeout} s"
            return list(self.items)


@contextmanager
def http_receiver() -> Iterator[Inbox]:
    inbox = Inbox()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status = inbox.take({"path": self.path, "key": self.headers["Idempotency-Key"], "body": body})
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        yield from _running(server, inbox, f"http://127.0.0.1:{server.server_address[1]}")


@contextmanager
def smtp_receiver() -> Iterator[Inbox]:
    """The part of RFC 5321 that a client needs; the answer's code is given to DATA's end."""
    inbox = Inbox()

    class Handler(socketserver.StreamRequestHandler):
        def say(self, text: str) -> None:
            self.wfile.write(text.encode() + b"\r\n")

        def handle(self) -> None:
            self.say("220 receiver")
            recipients: list[str] = []
            while line := self.rfile.readline().decode().rstrip():
                verb = line[:4].upper()
                if verb == "QUIT":
                    self.say("221 bye")
                    return
                if verb == "RCPT":
                    recipients.append(line.partition("<")[2].partition(">")[0])
                if verb == "DATA":
                    self.say("354 go on")
                    text = b"".join(iter(self.rfile.readline, b".\r\n")).decode()
                    code = inbox.take({"to": recipients, "text": text})
                    self.say("250 taken" if code == 200 else f"{code} refused")
                else:
                    self.say("250 receiver")

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with Server(("127.0.0.1", 0), Handler) as server:
        yield from _running(server, inbox, f"smtp://127.0.0.1:{server.server_address[1]}")


def _running(server: socketserver.BaseServer, inbox: Inbox, url: str) -> Iterator[Inbox]:
    inbox.url = url
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield inbox
    finally:
        server.shutdown()
        thread.join(timeout=5)
