"""Lets the keywords test BrightReview. See docs/adapting.md."""

from datetime import UTC, datetime, timedelta

from QMSLibrary.client.http import HttpService, translate
from QMSLibrary.client.protocols import Services
from QMSLibrary.client.tokens import account_of
from QMSLibrary.contract.health import Health
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.steps import Severity, Step, StepStatus
from QMSLibrary.contract.workflows import STATUS_OF_STATE, Workflow, WorkflowState

STEPS = dict(zip(("READINESS", "PEER_REVIEW", "DONENESS", "SIGN_OFF"), Step, strict=True))
STATUSES = dict(zip(("NOT_BEGUN", "WORKING", "HELD", "OK", "NOT_OK", "WAIVED"), StepStatus, strict=True))


class ApiKeys:
    """BrightReview knows no log-in: the account's password is the key that goes with every request."""

    def __init__(self, connection):
        self.connection = connection

    def headers(self, role):
        return {"X-Api-Key": account_of(self.connection, role).password}

    def renew(self, role, refused):
        return False


class BrightReview:
    def __init__(self, http):
        self.http = http

    def health(self):
        ping = self.http.json("GET", "/ping", None)
        return Health(service="review", status="healthy", version=ping["release"], time=datetime.now(UTC))

    def start_workflow(self, request, *, role):
        pr = request.pull_request
        files = [
            {"name": one.path, "whatHappened": one.type.upper(), "plus": one.additions, "minus": one.deletions,
             "text": one.content} for one in pr.files
        ]  # fmt: skip
        change = {"key": pr.id, "headline": pr.title, "story": pr.description, "by": pr.author, "repo": pr.repository,
                  "target": pr.base_branch, "source": pr.head_branch, "files": files,
                  "openedAt": round(pr.created_at.timestamp() * 1000)}  # fmt: skip
        return self.workflow_from(self.http.json("POST", "/v2/reviews", role, body={"changeRequest": change}))

    def workflow(self, workflow_id, *, role):
        return self.workflow_from(self.http.json("GET", f"/v2/reviews/{workflow_id}", role))

    def give_feedback(self, workflow_id, request, *, role):
        body = {"stars": request.rating, "words": request.comment}
        return self.workflow_from(self.http.json("POST", f"/v2/reviews/{workflow_id}/rating", role, body=body))

    def workflow_from(self, review):
        state = WorkflowState(review["situation"].upper().replace("-", "_"))
        change, score = review["changeRequest"], review["score"]
        value = {
            "id": review["reviewNo"], "state": state, "status": STATUS_OF_STATE[state],
            "step": STEPS[review["currentStage"]], "progress": review["percentDone"], "revision": review["version"],
            "run": review["round"], "correlation_id": review["traceId"], "requested_by": review["orderedBy"],
            "created_at": moment(review["orderedAt"]), "updated_at": moment(review["changedAt"]),
            "completed_at": moment(review["finishedAt"]), "steps": [step(stage) for stage in review["stages"]],
            "pull_request": {
                "id": change["key"], "title": change["headline"], "author": change["by"], "repository": change["repo"],
                "base_branch": change["target"], "head_branch": change["source"], "files": change["fileCount"],
                "lines_changed": change["churn"],
            },
            "result": {
                "total_duration": timedelta(milliseconds=score["tookMillis"]), "quality_score": score["quality"],
                "compliance_adhered": score["byTheBook"], "stakeholder_satisfaction": score["happiness"],
            },
        }  # fmt: skip
        return translate(Workflow, value, Service.ORCHESTRATION, "a review")


def step(stage):
    findings = [
        {"type": one["about"], "severity": list(Severity)[one["gravity"]], "path": one["file"], "line": one["lineNo"],
         "message": one["text"], "agent_id": one["bot"]} for one in stage["remarks"]
    ]  # fmt: skip
    return {
        "step": STEPS[stage["stage"]], "status": STATUSES[stage["outcome"]], "attempt": stage["tries"],
        "checks": {one["criterion"]: one["isMet"] for one in stage["criteria"]}, "failure_reasons": stage["whyNot"],
        "findings": findings, "agents": stage["reviewers"], "started_at": moment(stage["beganAt"]),
        "completed_at": moment(stage["endedAt"]),
    }  # fmt: skip


def moment(millis):
    return None if millis is None else datetime.fromtimestamp(millis / 1000, UTC)


def connect(connection):
    service = Service.ORCHESTRATION
    http = HttpService(service, connection.url(service), ApiKeys(connection), connection.timeout)
    one = BrightReview(http)
    return Services(one, one, one, one, close=http.close)
