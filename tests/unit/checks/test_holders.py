"""A wait in vain for agents says which of them has the step, since when, how it is, and who should have acted."""

import socket
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from checks_made import NOW, seen, step, workflow

from QMSLibrary.checks import timeouts
from QMSLibrary.checks.holders import Holder
from QMSLibrary.client.agent_health import Trouble, ask
from QMSLibrary.contract.health import Health
from QMSLibrary.contract.routing import AgentHealth
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.steps import Step, StepStatus
from QMSLibrary.contract.workflows import WorkflowState

DOR, AGENT = Step.DOR_VALIDATION, "dor-validator-1"
HEALTHY, UNHEALTHY = AgentHealth.HEALTHY, AgentHealth.UNHEALTHY
DEAD = Trouble("does not answer at http://127.0.0.1:1", certain=True)


def waited(later=timedelta(0), **holder):
    held = step(DOR, StepStatus.IN_PROGRESS, agents=[AGENT], waiting_for=[AGENT], started_at=NOW)
    assigned = seen("orchestration.step_assigned", ms=2000,
                    payload={"step": "dor_validation", "run": 1, "attempt": 1, "agents": [AGENT]})  # fmt: skip
    clock = Health(service="orchestration", status="healthy", version="1", time=NOW + later)
    return timeouts.describe(
        awaited="The state COMPLETED", timeout=timedelta(seconds=15), workflow_id="wf-1",
        workflow=workflow(WorkflowState.DOR_PENDING, DOR, [held]), step=None, events=[assigned],
        health={Service.ORCHESTRATION: clock}, holders=[Holder(agent_id=AGENT, **holder)],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("holder", "said", "blame", "look"),
    [
        ({"health": UNHEALTHY, "trouble": DEAD},
         "decision says that it is unhealthy; asked now, from here, it does not answer at http://127.0.0.1:1",
         "decision", f"why decision has not moved the work of {AGENT} to another agent: decision knows that it is ill"),
        ({"health": HEALTHY, "trouble": DEAD},
         "decision says that it is healthy; asked now, from here, it does not answer at http://127.0.0.1:1",
         "decision", f"why decision has not moved the work of {AGENT} to another agent: it asks each agent for its"),
        ({"health": UNHEALTHY, "decided": ("another",)}, "decision says that it is unhealthy", "orchestration",
         f"why orchestration has not asked the agents that decision has chosen since (another) in place of {AGENT}"),
        ({"health": HEALTHY, "decided": (AGENT,)}, "decision says that it is healthy", "decision",
         "the log of that service"),
        ({"health": HEALTHY, "trouble": Trouble("does not answer at http://far", certain=False)},
         "asked now, from here, it does not answer at http://far", "decision", "the log of that service"),
        ({"health": None}, "decision does not know it", "decision", "the log of that service"),
        ({"health": HEALTHY, "later": timedelta(minutes=6)}, "decision says that it is healthy", "orchestration",
         "why orchestration still waits: after 5 min dor_validation is to be tried again with others"),
    ],
)  # fmt: skip
def test_who_has_the_step_and_who_should_have_acted(holder, said, blame, look):
    message = waited(**holder)
    assert f"\n  The agent {AGENT} has dor_validation since 03:04:07 and has not answered: " in message
    assert said in message
    assert f"\nService to blame: {blame}\nLook at: {look}" in message


def test_an_agent_is_asked_for_its_health():
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/well" else 503)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        root = f"http://127.0.0.1:{server.server_port}"
        assert ask(f"{root}/well") is None
        assert ask(f"{root}/ill") == Trouble(f"says that it cannot work (HTTP 503 at {root}/ill)", certain=True)
        server.shutdown()
    assert ask(root) == Trouble(f"does not answer at {root}", certain=True)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        slow = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert ask(slow, timedelta(milliseconds=50)) == Trouble(f"does not answer at {slow}", certain=False)
    assert ask("http://[") == Trouble("does not answer at http://[", certain=False)
