"""A tiny real HTTP server that can be told to misbehave. It plays all four services on one port."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from QMSLibrary.client.connection import Account, Connection
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.steps import Step
from QMSLibrary.contract.workflows import STATUS_OF_STATE, WorkflowState

NOW = "2026-01-02T03:04:05.000000Z"


def workflow(state="DOR_PENDING", step="dor_validation", revision=1, passed=0, **more):
    steps = [
        {"step": one, "status": "passed" if number < passed else "in_progress", "attempt": 1}
        for number, one in enumerate(Step)
    ]
    return {
        "id": "wf-1",
        "pull_request": {
            "id": "PR-1", "title": "feat: x", "author": "ada", "repository": "a/b", "base_branch": "main",
            "head_branch": "feature/x", "files": 1, "lines_changed": 1,
        },
        "state": state, "status": STATUS_OF_STATE[WorkflowState(state)], "step": step, "progress": 25 * passed,
        "revision": revision, "run": 1, "correlation_id": "corr-1", "requested_by": "quinn", "created_at": NOW,
        "updated_at": NOW, "steps": steps, "result": {"total_duration": 1.0}, **more,
    }  # fmt: skip


def event(number, type="gate.passed", revision=2, **more):
    return {
        "event_id": f"e{number}", "type": type, "timestamp": NOW, "source": "orchestration", "workflow_id": "wf-1",
        "correlation_id": "corr-1", "payload": {"workflow": {"id": "wf-1", "revision": revision}}, **more,
    }  # fmt: skip


class TinyQMS:
    def __init__(self) -> None:
        self.requests: list[tuple[str, str]] = []
        self.logins = 0
        self.tokens: set[str] = set()
        self.expires_in = 600
        self.answers: dict[tuple[str, str], object] = {}
        """What is said instead: a function of the handler, or JSON."""
        self.current = workflow()
        self.sent: list[tuple[int, dict]] = []
        self.stream_resumes: list[str | None] = []
        self.changed = threading.Condition()
        self.drop_streams = 0
        self.closing = False
        self.raw: bytes | None = None

    def say(self, number: int, event: dict | bytes) -> None:
        with self.changed:
            self.sent.append((number, event))
            self.changed.notify_all()

    def cut_streams(self) -> None:
        with self.changed:
            self.drop_streams += 1
            self.changed.notify_all()

    def asked(self, method: str, path: str) -> int:
        return self.requests.count((method, path))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    qms: TinyQMS

    def setup(self):
        super().setup()
        self.connection.settimeout(20)

    def log_message(self, *args):
        pass

    def answer(self, status, body, kind="application/json", **headers):
        data = (
            body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
        )
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def problem(self, status, code, detail, **more):
        self.answer(
            status,
            {"title": code, "status": status, "detail": detail, "code": code, "correlation_id": "corr-9", **more},
            "application/problem+json",
        )

    def handle_any(self):
        path = self.path.partition("?")[0]
        length = int(self.headers.get("Content-Length") or 0)
        self.body = self.rfile.read(length)
        self.qms.requests.append((self.command, path))
        said = self.qms.answers.get((self.command, path))
        if callable(said):
            return said(self)
        if said is not None:
            return self.answer(200, said)
        if path == "/api/auth/token":
            self.qms.logins += 1
            token = f"token-{self.qms.logins}"
            self.qms.tokens.add(token)
            return self.answer(200, {"access_token": token, "expires_in": self.qms.expires_in})
        if path != "/health" and self.headers.get("Authorization", "").removeprefix("Bearer ") not in self.qms.tokens:
            return self.problem(401, "not_authenticated", "The token is not known.")
        if path == "/health":
            return self.answer(200, {"service": "orchestration", "status": "healthy", "version": "1", "time": NOW})
        if path == "/api/events" and self.command == "GET":
            return self.stream()
        if path in ("/api/workflows", "/api/workflows/wf-1"):
            return self.answer(201 if self.command == "POST" else 200, self.qms.current)
        return self.problem(404, "not_found", f"There is no {path}.")

    do_GET = do_POST = do_PUT = handle_any

    def stream(self):
        qms = self.qms
        after = self.headers.get("Last-Event-ID")
        qms.stream_resumes.append(after)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        with qms.changed:
            drops = qms.drop_streams
            at = 0 if after is not None else len(qms.sent)
            last = int(after) if after else 0
        self.wfile.write(f": ready {qms.sent[-1][0] if qms.sent else 0}\n\n".encode() if after is None else b": hi\n\n")
        while True:
            with qms.changed:
                while qms.drop_streams == drops and not qms.closing and len(qms.sent) == at:
                    qms.changed.wait(10)
                if qms.drop_streams != drops or qms.closing:
                    return
                due, at = qms.sent[at:], len(qms.sent)
            for number, one in due:
                if number > last:
                    data = one if isinstance(one, bytes) else json.dumps(one).encode()
                    self.wfile.write(f"id: {number}\nevent: x\n".encode() + b"data: " + data + b"\n\n")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


@contextmanager
def running():
    qms = TinyQMS()
    handler = type("Handler", (_Handler,), {"qms": qms})
    server = _Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield qms, connection(url)
    finally:
        with qms.changed:
            qms.closing = True
            qms.changed.notify_all()
        server.shutdown()
        server.server_close()
        thread.join()


def connection(url, timeout=2.0, **more):
    accounts = {role: Account(f"{role}-user", f"secret-of-{role}") for role in Role}
    return Connection("tiny", dict.fromkeys(Service, url), accounts, timeout=timedelta(seconds=timeout), **more)


def now():
    return datetime.now(UTC)
