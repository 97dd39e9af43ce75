"""Drives reviews through orchestration's rules on a real database, without a server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import select

from QMSLibrary.contract.pull_requests import FileChange, PullRequest
from QMSLibrary.contract.routing import RoutingDecision
from QMSLibrary.contract.steps import STEP_AGENTS, STEP_CHECKS, AgentResult
from QMSLibrary.contract.workflows import ResultRequest, WorkflowRequest
from QMSLibrary.reference.kernel.call import Call
from QMSLibrary.reference.kernel.identity import Identity
from QMSLibrary.reference.kernel.log import event_log
from QMSLibrary.reference.kernel.scheduler import Scheduler
from QMSLibrary.reference.orchestration import answers, chain, deadlines, gates, people
from QMSLibrary.reference.orchestration.act import load, open_act
from QMSLibrary.reference.orchestration.slots import finish
from QMSLibrary.reference.orchestration.tables import TABLES, audit_trail

MANAGER = Identity("mary", "manager")
LEAD = Identity("lea", "qa_lead")


class Bench:
    def __init__(self, context) -> None:
        self.context = context
        context.audit_sink = chain.append
        context.store.prepare(TABLES)
        self.count = 0
        handlers: dict[str, Any] = {
            gates.STEP_LIMIT: deadlines.step_limit,
            gates.STUCK: deadlines.stuck,
            gates.APPROVAL_LIMIT: deadlines.approval_overdue,
            gates.FIRST_ASSIGNMENT: deadlines.assign_first,
            gates.ROUTE_AGAIN: deadlines.route_again,
        }
        self.scheduler = Scheduler(context, context.store, context.clock, handlers)

    async def advance(self, by: timedelta) -> None:
        await self.scheduler.move_to(self.context.clock.offset + by.total_seconds())

    def start(self, *, author="ann", requested_by=LEAD, **options):
        self.count += 1
        pull_request = PullRequest(
            id=f"PR-{self.count}",
            title="feat: a",
            author=author,
            repository="a/b",
            head_branch="feature/a",
            head_sha=f"{self.count:040x}",
            created_at=datetime.now(UTC),
            files=[FileChange(path="a.py", content="a = 1\n", additions=1)],
        )
        call = Call(
            self.context, None, requested_by, f"c{self.count}", {}, {}, None,
            WorkflowRequest(pull_request=pull_request, **options),
        )  # fmt: skip
        return self.context.store.write_now(lambda connection: finish(people.start(connection, call)))

    def do(self, review, work, actor=MANAGER):
        def write(connection):
            act = open_act(self.context, connection, review.id, actor, "act")
            work(act)
            return finish(act)

        return self.context.store.write_now(write)

    def look(self, review):
        return self.context.store.write_now(lambda connection: load(connection, review.id)[1])

    def routed(self, review, agents=None):
        now = self.look(review)
        assignments = [
            {"agent_id": agent, "role": agent, "estimated_duration": 1, "confidence_score": 0.9, "reason": "best"}
            for agent in agents or STEP_AGENTS[now.step]
        ]
        decision = RoutingDecision(
            decision_id=f"d{now.revision}", workflow_id=now.id, step=now.step, run=now.run,
            attempt=now.current.attempt, assignments=assignments, decided_at=datetime.now(UTC), correlation_id="c",
        )  # fmt: skip

        def work(act):
            act.review.dashboard_seen = True
            gates.take_decision(act, decision)

        return self.do(review, work, self.context.identity)

    def answer(self, review, *failing, agents=None, **measures):
        """The current step is routed, and its agents answer; checks in ``failing`` fail with their own name."""
        now = self.routed(review, agents)
        for agent in now.current.waiting_for:
            now = self.answer_as(now, agent, *failing, **measures)
        return now

    def answer_as(self, review, agent, *failing, run=None, attempt=None, step=None, **measures):
        now = self.look(review)
        step = step or now.step
        result = AgentResult(
            agent_id=agent,
            checks={check: check not in failing for check in STEP_CHECKS[step]},
            failure_reasons=[f"no_{check}" for check in failing],
            measures=measures,
        )
        body = ResultRequest(run=run or now.run, attempt=attempt or now.current.attempt, result=result)
        return self.do(review, lambda act: answers.take_answer(act, step, body), Identity("decision", "service"))

    def to_step(self, review, step):
        while self.look(review).step is not step:
            review = self.answer(review)
        return review

    def events(self, review=None):
        def read(connection):
            query = select(event_log.c.body).order_by(event_log.c.sequence)
            if review is not None:
                query = query.where(event_log.c.workflow_id == review.id)
            return [orjson.loads(text) for text in connection.execute(query).scalars()]

        return self.context.store.write_now(read)

    def types(self, review):
        return [event["type"] for event in self.events(review)]

    def trail(self):
        query = select(audit_trail.c.record).order_by(audit_trail.c.sequence)
        return self.context.store.write_now(
            lambda connection: [orjson.loads(text) for text in connection.execute(query).scalars()]
        )
