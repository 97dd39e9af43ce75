"""An embedded environment takes webhooks that are signed with its own secret."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from uuid import uuid4

import httpx

sys.path.insert(0, str(Path(__file__).parents[1] / "reference"))
sys.path.insert(0, str(Path(__file__).parents[2] / "unit" / "reference"))
from code_host import CodeHost
from running import FILES
from webhooks_made import pull_request_hook, raw_of, signature

from QMSLibrary.contract.routes import GITHUB_WEBHOOK, LOG_IN, WEBHOOK_DELIVERIES
from QMSLibrary.contract.services import Service
from QMSLibrary.environments.embedded import use_embedded
from QMSLibrary.environments.files import Description


def settled(environment, content, wait_until):
    """The one delivery, as the environment shows it in the end."""
    root = environment.urls[Service.ORCHESTRATION]
    token = httpx.post(root + LOG_IN.path, json=content["accounts"]["qa_lead"]).json()["access_token"]
    seen = []

    def there():
        answer = httpx.get(root + WEBHOOK_DELIVERIES.path, headers={"Authorization": f"Bearer {token}"})
        seen[:] = answer.json()["items"]
        return seen[0]["state"] != "queued"

    assert wait_until(there), seen
    (found,) = seen
    return found


def send(environment, content):
    raw = raw_of(pull_request_hook("opened", 1))
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Event": "pull_request",
        "X-GitHub-Delivery": str(uuid4()),
        "X-Hub-Signature-256": signature(content["webhook_secret"], raw),
    }
    return httpx.post(environment.urls[Service.ORCHESTRATION] + GITHUB_WEBHOOK.path, content=raw, headers=headers)


def test_the_secret_is_beside_the_passwords_and_the_code_host_is_the_descriptions(home, wait_until):
    code_host = CodeHost()
    code_host.push("octo-org/hello", 1, "a" * 40, FILES)
    described = Description("embedded", code_host_url=code_host.url, code_host_token="hush")
    try:
        with use_embedded(described, own=True) as environment:
            content = json.loads((environment.directory / "environment.json").read_text())
            assert send(environment, content).status_code == 202
            assert settled(environment, content, wait_until)["state"] == "done"
            assert {headers["Authorization"] for _, headers in code_host.asked} == {"Bearer hush"}
            with use_embedded(described, own=True) as other:
                another = json.loads((other.directory / "environment.json").read_text())
                assert send(other, content).status_code == 401
                assert another["webhook_secret"] != content["webhook_secret"]
            for log in (environment.directory / "logs").iterdir():
                assert content["webhook_secret"] not in log.read_text()
                assert "hush" not in log.read_text()
            assert "hush" not in "".join(Path(f"/proc/{environment.keeper_pid}/cmdline").read_text().split("\0"))
    finally:
        code_host.stop()


def test_a_code_host_of_the_callers_own_variables_is_not_used(home, wait_until, monkeypatch):
    """An environment is shared by its settings: what is not among them must not differ."""
    monkeypatch.setenv("QMS_CODE_HOST_URL", "http://127.0.0.1:9")
    with use_embedded(Description("embedded"), own=True) as environment:
        content = json.loads((environment.directory / "environment.json").read_text())
        send(environment, content)
        assert settled(environment, content, wait_until)["reason"].startswith("No code host is set")
