"""BrightReview: a QMS that another company might run. It keeps none of our contract's words.

One address instead of four, other paths, camelCase, an API key instead of a log-in, times in milliseconds since 1970,
steps and states with names of its own, errors of its own form, and no event stream. Behind it works a real reference
QMS, so that its reviews are real ones.

``python bright_review.py KEYS_JSON`` prints its address in one line and ends when its standard input does.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
from datetime import datetime
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from QMSLibrary.client.errors import QMSError
from QMSLibrary.client.qms import QMS
from QMSLibrary.contract.pull_requests import PullRequest
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.steps import Step, StepResult
from QMSLibrary.contract.workflows import FeedbackRequest, Workflow, WorkflowRequest
from QMSLibrary.environments import use
from QMSLibrary.history.journal import Journal

STAGES = dict(zip(Step, ("READINESS", "PEER_REVIEW", "DONENESS", "SIGN_OFF"), strict=True))
OUTCOMES = {
    "pending": "NOT_BEGUN", "in_progress": "WORKING", "waiting": "HELD", "passed": "OK", "failed": "NOT_OK",
    "overridden": "WAIVED",
}  # fmt: skip


def millis(moment: datetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1000)


def stage(one: StepResult) -> dict[str, Any]:
    return {
        "stage": STAGES[one.step],
        "outcome": OUTCOMES[one.status],
        "tries": one.attempt,
        "criteria": [{"criterion": name, "isMet": met} for name, met in one.checks.items()],
        "whyNot": one.failure_reasons,
        "remarks": [
            {
                "about": found.type,
                "gravity": found.severity.rank,
                "file": found.path,
                "lineNo": found.line,
                "text": found.message,
                "bot": found.agent_id,
            }
            for found in one.findings
        ],
        "reviewers": one.agents,
        "beganAt": millis(one.started_at),
        "endedAt": millis(one.completed_at),
    }


def review(one: Workflow) -> dict[str, Any]:
    summary = one.pull_request
    return {
        "reviewNo": one.id,
        "changeRequest": {
            "key": summary.id,
            "headline": summary.title,
            "by": summary.author,
            "repo": summary.repository,
            "target": summary.base_branch,
            "source": summary.head_branch,
            "fileCount": summary.files,
            "churn": summary.lines_changed,
        },
        "situation": one.state.lower().replace("_", "-"),
        "currentStage": STAGES[one.step],
        "percentDone": one.progress,
        "version": one.revision,
        "round": one.run,
        "traceId": one.correlation_id,
        "orderedBy": one.requested_by,
        "orderedAt": millis(one.created_at),
        "changedAt": millis(one.updated_at),
        "finishedAt": millis(one.completed_at),
        "stages": [stage(result) for result in one.steps],
        "score": {
            "tookMillis": round(one.result.total_duration.total_seconds() * 1000),
            "quality": one.result.quality_score,
            "byTheBook": one.result.compliance_adhered,
            "happiness": one.result.stakeholder_satisfaction,
        },
    }


def application(qms: QMS, keys: dict[str, Role]) -> Starlette:
    def role_of(request: Request) -> Role | None:
        return keys.get(request.headers.get("X-Api-Key", ""))

    def error(status: int, kind: str, text: str) -> JSONResponse:
        return JSONResponse({"error": {"kind": kind, "text": text}}, status)

    def guarded(work: Any) -> Any:
        def answer(request: Request, body: Any) -> JSONResponse:
            role = role_of(request)
            if role is None:
                return error(401, "WHO_ARE_YOU", "The API key is not known.")
            try:
                return JSONResponse(review(work(request, body, role)))
            except QMSError as trouble:
                return error(trouble.status or 502, (trouble.code or "trouble").upper(), trouble.detail or str(trouble))

        async def endpoint(request: Request) -> JSONResponse:
            from starlette.concurrency import run_in_threadpool

            body = await request.json() if request.method == "POST" else None
            return await run_in_threadpool(answer, request, body)

        return endpoint

    def order(request: Request, body: Any, role: Role) -> Workflow:
        given = body["changeRequest"]
        pull_request = PullRequest(
            id=given["key"],
            title=given["headline"],
            description=given["story"],
            author=given["by"],
            repository=given["repo"],
            base_branch=given["target"],
            head_branch=given["source"],
            created_at=datetime.fromtimestamp(given["openedAt"] / 1000).astimezone(),
            files=[
                {
                    "path": one["name"],
                    "type": one["whatHappened"].lower(),
                    "additions": one["plus"],
                    "deletions": one["minus"],
                    "content": one["text"],
                }
                for one in given["files"]
            ],
        )
        return qms.orchestration.start_workflow(WorkflowRequest(pull_request=pull_request), role=role)

    def show(request: Request, body: Any, role: Role) -> Workflow:
        return qms.orchestration.workflow(request.path_params["number"], role=role)

    def rate(request: Request, body: Any, role: Role) -> Workflow:
        wanted = FeedbackRequest(rating=body["stars"], comment=body["words"])
        return qms.orchestration.give_feedback(request.path_params["number"], wanted, role=role)

    async def ping(request: Request) -> JSONResponse:
        return JSONResponse({"alive": True, "release": "7.2"})

    return Starlette(
        routes=[
            Route("/ping", ping),
            Route("/v2/reviews", guarded(order), methods=["POST"]),
            Route("/v2/reviews/{number}", guarded(show)),
            Route("/v2/reviews/{number}/rating", guarded(rate), methods=["POST"]),
        ]
    )


def main() -> None:
    keys = {key: Role(role) for key, role in json.loads(sys.argv[1]).items()}
    with use("embedded") as environment, socket.create_server(("127.0.0.1", 0)) as listener:
        qms = QMS(environment.connection, Journal())
        server = uvicorn.Server(uvicorn.Config(application(qms, keys), log_level="warning"))

        def end_with_owner() -> None:
            sys.stdin.read()
            server.should_exit = True

        threading.Thread(target=end_with_owner, daemon=True).start()
        print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        try:
            server.run(sockets=[listener])
        finally:
            qms.close()


if __name__ == "__main__":
    main()
