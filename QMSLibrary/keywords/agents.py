"""Chapter agents: who reviews, what they can do, and what becomes of them."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from secrets import token_hex
from typing import Final, Literal

from robot.api.deco import keyword

from QMSLibrary.client.errors import NotFound, NotSupported
from QMSLibrary.client.qms import QMS
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.routing import Agent, AgentRegistration
from QMSLibrary.contract.steps import STEP_CHECKS, AgentResult, Finding, Step
from QMSLibrary.contract.workflows import ResultRequest, Workflow
from QMSLibrary.data.flaws import catalogue
from QMSLibrary.environments import Capability, Environment
from QMSLibrary.formats.counts import counted

from .chapter import Chapter
from .errors import KeywordError
from .types import Count, finding, names

A = Agent | str
W = Workflow | str | None
AgentRole = Literal[
    "qms-dor-validator", "qms-code-reviewer", "qms-testing-specialist", "qms-security-scanner", "qms-dod-validator",
    "qms-quality-coordinator",
]  # fmt: skip
Breakdown = Literal["failing", "wrong", "silent"]
ALL_ROUND: Final = ("typescript", "javascript", "python", "sql", "documentation", "configuration")
"""What an agent knows that is started without a word about it."""
_EVERYBODYS: Final = "and agents of no repository would take everybody's work"
MOST_AGENTS: Final = 50
"""Agents that are started at once: each one is a process."""


class Agents(Chapter):
    """Keywords about the agents of the decision service. Where none can be started the test is skipped and says so."""

    @keyword
    def get_agents(self, *, as_role: Role = Role.DEVELOPER) -> list[Agent]:
        """Returns all registered agents, by id, each with ``capabilities``, ``load``, ``load_capacity``, ``health`` and
        ``repositories`` (the pool it belongs to).

        Example:
        | ${agents} =    Get Agents
        | Log    ${agents}[0].agent_id

        """
        agents = self.qms.decision.agents(role=as_role)
        self.say(f"{counted(len(agents), 'agent')}.", "\n".join(map(_line, agents)))
        return agents

    @keyword
    def register_agent(
        self,
        agent: str,
        capabilities: list[str] | str,
        *,
        load_capacity: int = 10,
        health_endpoint: str | None = None,
        repositories: list[str] | str | None = None,
        as_role: Role = Role.ADMIN,
    ) -> Agent:
        """Registers an agent, or changes the registration of one that is known. Returns it.

        ``capabilities`` are the roles that it can fill and its fields of expertise; ``load_capacity`` is how many tasks
        it takes at once, 1 to 1000; ``health_endpoint`` is where its health is asked, for one that lives outside the
        QMS. With ``repositories`` it works for these only, and they are served by such agents alone; an agent that is
        registered again keeps them unless others are named. Without, all reviews may be given to it from then on. In a
        shared environment they must be named, and an agent that works for everybody is left as it is.

        Example:
        | Use Environment    own=True
        | Register Agent    second-reviewer    qms-code-reviewer, typescript    load_capacity=3
        | Register Agent    shop-reviewer    qms-code-reviewer    repositories=acme/shop

        """
        pools = None if repositories is None else names(repositories)
        registration = AgentRegistration(
            agent_id=agent,
            capabilities=names(capabilities),
            load_capacity=load_capacity,
            health_endpoint=health_endpoint,
            repositories=pools,
        )
        if not pools:
            self.require_own(_EVERYBODYS, "a pool, repositories=owner/name")
        elif not self.session.attached.environment.own:
            known = self.qms.decision.agents(role=Role.DEVELOPER)
            if any(one.agent_id == agent and not one.repositories for one in known):
                self.require_own(f"and {agent} works for everybody who uses it", "another name for the agent")
        registered = self.qms.decision.register_agent(registration, role=as_role)
        self.say(f"Registered {_line(registered)}.", registered)
        return registered

    @keyword
    def start_agents(
        self,
        count: Count,
        role: AgentRole,
        *,
        repository: str | None = None,
        load_capacity: int = 10,
        expertise: list[str] | str | None = None,
        as_role: Role = Role.ADMIN,
    ) -> list[Agent]:
        """Starts so many agents as processes of their own and registers them for a role. Returns them.

        They belong to the pool of ``repository``: they work for it only, and nobody else fills the role for it, so that
        suites running side by side do not meet. Without a repository everybody's work may be given to them, which
        needs an environment of its own. ``load_capacity`` is how many tasks each takes at once. ``expertise`` are the
        fields that they know; unless told they know all of them.

        They end with the test (or suite) that started them, and take part in no decision from then on.

        Example:
        | Skip Unless Environment Can    agent_control
        | ${agents} =    Start Agents    3    qms-code-reviewer    repository=acme/shop    load_capacity=5
        | Slow Down Agent    ${agents}[0]    by=2 seconds

        """
        environment = self._environment()
        if not 1 <= count <= MOST_AGENTS:
            raise KeywordError(f"{count} agents cannot be started. Give a number from 1 to {MOST_AGENTS}.")
        if repository is None:
            self.require_own(_EVERYBODYS, "a pool, repository=owner/name")
        # What cannot be registered is refused before a process is begun for it.
        unique = token_hex(3)
        wanted = [
            AgentRegistration(
                agent_id=f"{role.removeprefix('qms-')}-{unique}-{number}",
                capabilities=[role, *(ALL_ROUND if expertise is None else names(expertise))],
                load_capacity=load_capacity,
                repositories=[] if repository is None else [repository],
            )
            for number in range(1, count + 1)
        ]
        attached = self.session.attached
        endpoints = environment.start_agents([one.agent_id for one in wanted])
        self.session.when_left(lambda: _end(environment, attached.qms, list(endpoints)))
        agents = [
            attached.qms.decision.register_agent(
                one.model_copy(update={"health_endpoint": endpoints[one.agent_id]}), role=as_role
            )
            for one in wanted
        ]
        self.say(
            f"Started {counted(count, 'agent')} for {repository or 'every repository'}.", "\n".join(map(_line, agents))
        )
        return agents

    @keyword
    def slow_down_agent(self, agent: A, *, by: timedelta) -> None:
        """Makes an agent that was started here pause before each of its answers. ``by=0`` makes it as quick as before.

        Example:
        | ${agents} =    Start Agents    2    qms-dor-validator    repository=acme/shop
        | Slow Down Agent    ${agents}[0]    by=500 ms

        """
        self._environment().change_agent(_id(agent), "well", by)
        self.say(f"{_id(agent)} pauses for {by.total_seconds():g} s before each answer.")

    @keyword
    def break_agent(self, agent: A, *, how: Breakdown = "failing") -> None:
        """Breaks an agent that was started here. `Mend Agent` makes it well again.

        | =how= | =What it does from then on= |
        | failing | it cannot work, and its health endpoint says so |
        | wrong | it says that it is well, and answers what no review can take |
        | silent | it says that it is well, takes its tasks and never answers |

        Example:
        | Break Agent    ${agents}[0]
        | Break Agent    ${agents}[1]    how=silent

        """
        self._environment().change_agent(_id(agent), how, timedelta(0))
        self.say(f"{_id(agent)} is {how}.")

    @keyword
    def mend_agent(self, agent: A) -> None:
        """Makes an agent well again that was slowed down or broken. What it had begun it goes on with.

        Example:
        | Break Agent    ${agents}[0]
        | Mend Agent    ${agents}[0]

        """
        self._environment().change_agent(_id(agent), "well", timedelta(0))
        self.say(f"{_id(agent)} is well.")

    @keyword
    def kill_agent(self, agent: A) -> None:
        """Ends an agent that was started here as a crash would (SIGKILL). It stays registered and does not come back.

        Example:
        | ${agents} =    Start Agents    2    qms-dor-validator    repository=acme/shop
        | Kill Agent    ${agents}[0]

        """
        self._environment().kill_agent(_id(agent))
        self.say(f"Killed {_id(agent)}.")

    @keyword
    def answer_as_agent(
        self,
        agent: A,
        step: Step,
        *,
        passed: bool = True,
        findings: list[str] | str | None = None,
        quality_score: float | None = None,
        compliance_score: float | None = None,
        run: int | None = None,
        attempt: int | None = None,
        workflow: W = None,
        as_role: Role = Role.ADMIN,
    ) -> Workflow:
        """Answers orchestration in an agent's place: all checks of the step passed, or failed. Returns the workflow.

        It is for answers that must be refused (of an agent that is not awaited, a second time, too late) and for those
        that no code can be written for: a score that is just under a limit, a severity that no known weakness has.

        ``findings`` are what the agent says it found, each with its severity; a weakness that is known to this library
        has its CWE. The scores, 0 to 100, are what it says it measured. ``run`` and ``attempt`` are the present ones
        unless told.

        Example:
        | Run Keyword And Expect Error    GLOB:*superseded*    Answer As Agent    somebody-else    dor_validation
        | Answer As Agent    ${agents}[0]    dor_validation    passed=False
        | Answer As Agent    ${agents}[1]    progress_reviews    passed=False    findings=sql_injection:critical
        | Answer As Agent    ${agents}[2]    final_review    passed=False    quality_score=69.9

        """
        scores = {"quality_score": quality_score, "compliance_score": compliance_score}
        for name, score in scores.items():
            if score is not None and not 0 <= score <= 100:
                raise KeywordError(f"{name}: {score:g} is no score. Give a number from 0 to 100.")
        said = [_finding(one, _id(agent)) for one in names(findings)]
        found = self.fetch(workflow)
        checks = dict.fromkeys(STEP_CHECKS[step], passed)
        reasons = [] if passed else ["agent_failed"]
        result = AgentResult(
            agent_id=_id(agent),
            checks=checks,
            failure_reasons=reasons,
            findings=said,
            measures={name: score for name, score in scores.items() if score is not None},
        )
        answer = ResultRequest(
            run=found.run if run is None else run,
            attempt=found.step_result(step).attempt if attempt is None else attempt,
            result=result,
        )
        changed = self.changed(lambda: self.qms.orchestration.submit_result(found.id, step, answer, role=as_role))
        self.say(f"Answered {step} of {found.id} as {_id(agent)}: {'passed' if passed else 'failed'}.", changed)
        return changed

    def _environment(self) -> Environment:
        return self.able(Capability.AGENT_CONTROL)


def _end(environment: Environment, qms: QMS, agent_ids: list[str]) -> None:
    """Nobody needs them any more. One that was killed by the test is retired as well."""
    from QMSLibrary.environments import EnvironmentUseError

    for agent_id in agent_ids:
        # Retired first, so that what it still has moves on at once; without that it would be found ill soon.
        with suppress(NotFound, NotSupported):
            qms.decision.retire_agent(agent_id, role=Role.ADMIN)
        with suppress(EnvironmentUseError):  # dead already
            environment.kill_agent(agent_id)


def _id(agent: A) -> str:
    return agent if isinstance(agent, str) else agent.agent_id


def _finding(text: str, agent_id: str) -> Finding:
    """What an agent says that it found, written as ``sql_injection:high``."""
    try:
        wanted = finding(text)
    except ValueError as error:
        raise KeywordError(f"findings: {error}") from None
    if wanted.severity is None:
        raise KeywordError(f"findings: {text!r} has no severity. Write {wanted.type}:high.")
    known = catalogue().get(wanted.type)
    return Finding(
        type=wanted.type,
        severity=wanted.severity,
        message=known.summary if known else f"{wanted.type}, as a tester says",
        agent_id=agent_id,
        cwe=known.cwe if known else None,
    )


def _line(agent: Agent) -> str:
    can = ", ".join(agent.capabilities)
    pool = f", for {', '.join(agent.repositories)} only" if agent.repositories else ""
    return f"{agent.agent_id}: {agent.health}, {agent.load} of {agent.load_capacity} tasks; {can}{pool}"
