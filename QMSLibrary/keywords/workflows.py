"""Chapter workflows: start a review, and what people do to it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Final

from robot.api.deco import keyword

from QMSLibrary.checks.workflows import duration_text
from QMSLibrary.client.errors import Conflict, QMSError
from QMSLibrary.contract.pull_requests import FileChange, PullRequest
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.steps import Step
from QMSLibrary.contract.workflows import (
    ApprovalRequest,
    CommitRequest,
    FeedbackRequest,
    OverrideRequest,
    ProgressRequest,
    RetryRequest,
    TransitionRequest,
    Workflow,
    WorkflowRequest,
    WorkflowState,
)
from QMSLibrary.formats.counts import counted

from .chapter import Chapter
from .errors import CheckFailed, KeywordError
from .types import names

MOST_AT_ONCE: Final = 200
W = Workflow | str | None


class Workflows(Chapter):
    """Keywords that act on workflows."""

    @keyword
    def trigger_workflow(
        self,
        pull_request: PullRequest,
        *,
        step_by_step: bool = False,
        approval_required: bool = False,
        as_role: Role = Role.QA_LEAD,
    ) -> Workflow:
        """Starts the review of a pull request. Returns the workflow, which is the test's current one from now on.

        With ``step_by_step`` it stops before each gate until `Progress Workflow`; with ``approval_required`` the final
        review waits for `Approve Workflow`.

        Example:
        | ${pr} =    Create Pull Request
        | ${workflow} =    Trigger Workflow    ${pr}
        | Trigger Workflow    ${pr}    step_by_step=True

        """
        workflow = self.qms.start_workflow(
            WorkflowRequest(pull_request=pull_request, step_by_step=step_by_step, approval_required=approval_required),
            as_role,
        )
        self.session.triggered(workflow)
        return self._told(f"Triggered {workflow.id} for {pull_request.id}", workflow)

    @keyword
    def trigger_workflows(
        self,
        pull_requests: list[PullRequest],
        *,
        at_once: int = 50,
        step_by_step: bool = False,
        as_role: Role = Role.QA_LEAD,
    ) -> list[Workflow]:
        """Starts the reviews of many pull requests, ``at_once`` of them at the same time. Returns the workflows.

        They are in the order of the pull requests. With ``step_by_step`` each stops before each gate.

        Fails when one could not be started, after all others have been tried; `Get Response Times` knows how long each
        took. The last one is the test's current workflow.

        Example:
        | ${prs} =    Create Pull Requests    50
        | ${workflows} =    Trigger Workflows    ${prs}    at_once=50

        """
        if not pull_requests:
            raise KeywordError("There are no pull requests to trigger workflows for.")
        if not 1 <= at_once <= MOST_AT_ONCE:
            raise KeywordError(f"at_once={at_once} is not possible. Give a number from 1 to {MOST_AT_ONCE}.")
        qms = self.qms

        def start(pull_request: PullRequest) -> Workflow | QMSError:
            try:
                request = WorkflowRequest(pull_request=pull_request, step_by_step=step_by_step)
                return qms.start_workflow(request, as_role)
            except QMSError as error:
                return error

        pool = ThreadPoolExecutor(min(at_once, len(pull_requests)), thread_name_prefix="qms-trigger")
        try:
            answers = list(pool.map(start, pull_requests))
        finally:
            # Also when Robot's time limit or Ctrl-C ends the keyword: nothing that has not begun is begun then.
            pool.shutdown(wait=False, cancel_futures=True)
        workflows = [one for one in answers if isinstance(one, Workflow)]
        errors = [one for one in answers if isinstance(one, QMSError)]
        if errors:
            raise CheckFailed(
                f"{len(errors)} of {len(pull_requests)} workflows could not be started. The first: {errors[0]}"
            )
        self.session.triggered(workflows[-1])
        self.say(f"Triggered {counted(len(workflows), 'workflow')}.", "\n".join(one.id for one in workflows))
        return workflows

    @keyword
    def progress_workflow(
        self, *, reason: str = "progressed by hand", workflow: W = None, as_role: Role = Role.QA_LEAD
    ) -> Workflow:
        """Lets a workflow that was triggered step by step through its next gate. Returns it.

        Example:
        | Trigger Workflow    ${pr}    step_by_step=True
        | Wait For Step    dor_validation
        | Progress Workflow    reason=Looked at all four services

        """
        request = ProgressRequest(reason=reason)
        changed = self._act(workflow, lambda one: self.qms.orchestration.progress(one, request, role=as_role))
        return self._told("Progressed", changed)

    @keyword
    def retry_step(
        self,
        step: Step,
        *,
        pull_request: PullRequest | None = None,
        workflow: W = None,
        as_role: Role = Role.QA_LEAD,
    ) -> Workflow:
        """Tries a failed gate again, at that same gate, with the files of the mended pull request.

        Returns the workflow. Without a pull request it is tried again as it is. A step whose gate has not failed is
        refused, and so is a pull request of another repository.

        Example:
        | ${fixed} =    Fix Pull Request    ${pr}
        | Retry Step    dor_validation    pull_request=${fixed}
        | Wait For Step    dor_validation

        """
        wanted = self.session.workflow_id(workflow)
        files = None if pull_request is None else self._files(wanted, pull_request)
        request = RetryRequest(step=step, files=files)
        changed = self._act(wanted, lambda one: self.qms.orchestration.retry(one, request, role=as_role))
        return self._told(f"Retried {step}", changed)

    @keyword
    def push_commit(
        self, *, pull_request: PullRequest | None = None, workflow: W = None, as_role: Role = Role.DEVELOPER
    ) -> Workflow:
        """Pushes a new commit to the head branch, with the pull request's files: the review starts again from the
        definition of ready. Returns the workflow.

        Without a pull request the commit changes no file. One of another repository is refused.

        Example:
        | Push Commit    pull_request=${fixed}
        | Wait For Workflow    state=COMPLETED

        """
        wanted = self.session.workflow_id(workflow)
        files = [] if pull_request is None else self._files(wanted, pull_request)
        request = CommitRequest(head_sha=secrets.token_hex(20), files=files)
        changed = self._act(wanted, lambda one: self.qms.orchestration.push_commit(one, request, role=as_role))
        return self._told(f"Pushed commit {request.head_sha[:8]}", changed)

    @keyword
    def override_gate(
        self,
        step: Step,
        reason: str,
        *,
        checks: list[str] | str | None = None,
        emergency: bool = False,
        valid_for: timedelta | None = None,
        workflow: W = None,
        as_role: Role = Role.MANAGER,
    ) -> Workflow:
        """Passes a gate in spite of its verdict; with ``emergency`` also one that is not decided yet.

        Returns the workflow. ``checks`` are those that are set aside, all that failed unless given; ``valid_for`` is
        how long the override
        stands before somebody must look again. A pull request's author may not do it.

        Example:
        | Override Gate    dor_validation    Documentation follows    checks=documentation_updated    valid_for=1 day
        | Override Gate    progress_reviews    Production is down    emergency=True

        """
        request = OverrideRequest(
            step=step, reason=reason, checks=names(checks), emergency=emergency, valid_for=valid_for
        )
        changed = self._act(workflow, lambda one: self.qms.orchestration.override(one, request, role=as_role))
        return self._told(f"Overrode {step}", changed)

    @keyword
    def approve_workflow(self, *, comment: str = "", workflow: W = None, as_role: Role = Role.MANAGER) -> Workflow:
        """Approves the final review of a workflow that waits for a person. Returns it.

        Example:
        | Trigger Workflow    ${pr}    approval_required=True
        | Wait For Step    final_review
        | Approve Workflow    comment=Good to go

        """
        request = ApprovalRequest(comment=comment)
        changed = self._act(workflow, lambda one: self.qms.orchestration.approve(one, request, role=as_role))
        return self._told("Approved", changed)

    @keyword
    def give_feedback(
        self, rating: float, *, comment: str = "", workflow: W = None, as_role: Role = Role.DEVELOPER
    ) -> Workflow:
        """Says how satisfied one is with the review, from 1.0 (not at all) to 5.0 (fully). Returns the workflow.

        Example:
        | Give Feedback    4.5    comment=Quick, and the findings were right

        """
        request = FeedbackRequest(rating=rating, comment=comment)
        changed = self._act(workflow, lambda one: self.qms.orchestration.give_feedback(one, request, role=as_role))
        return self._told(f"Gave feedback {rating:g}", changed)

    @keyword
    def change_workflow_state(
        self,
        to: WorkflowState,
        *,
        reason: str = "changed by hand",
        workflow: W = None,
        as_role: Role = Role.MANAGER,
    ) -> Workflow:
        """Asks for a state by name, as a manager does to mend a stuck workflow. Returns the workflow.

        Fails when the QMS refuses, as it must for a transition that is not legal: see `State Change Should Be Refused`.

        Example:
        | Change Workflow State    DOR_PENDING    reason=Starts over after an error

        """
        request = TransitionRequest(to=to, reason=reason)
        changed = self._act(workflow, lambda one: self.qms.orchestration.change_state(one, request, role=as_role))
        return self._told(f"Asked for {to}", changed)

    @keyword
    def state_change_should_be_refused(
        self, to: WorkflowState, *, workflow: W = None, as_role: Role = Role.MANAGER
    ) -> None:
        """Asks for a state that is not legal now, and passes when the QMS refuses and leaves the workflow as it was.

        Expected is 409 ``illegal_transition``, and the same state and revision after as before.

        Example:
        | State Change Should Be Refused    COMPLETED

        """
        qms = self.qms
        before = self.fetch(workflow)
        request = TransitionRequest(to=to, reason="asked for by a test, must be refused")
        try:
            after = qms.orchestration.change_state(before.id, request, role=as_role)
        except Conflict as error:
            if error.code != "illegal_transition":
                raise CheckFailed(
                    f"{to} was refused with another code.\nExpected: 409 illegal_transition\nSeen: {error}\n"
                    "Service to blame: orchestration"
                ) from None
        else:
            raise CheckFailed(
                f"Workflow {before.id} went from {before.state} to {after.state}.\n"
                f"Expected: {to} to be refused with 409 illegal_transition\nSeen: it was done (revision "
                f"{after.revision})\nService to blame: orchestration\nLook at: its table of legal transitions"
            )
        after = self.fetch(before)
        if (after.state, after.revision) != (before.state, before.revision):
            raise CheckFailed(
                f"Refusing {to} changed workflow {before.id}.\nExpected: {before.state}, revision {before.revision}\n"
                f"Seen: {after.state}, revision {after.revision}\nService to blame: orchestration"
            )
        self.say(f"{before.id}: {before.state} → {to} was refused and changed nothing.")

    def _files(self, workflow_id: str, pull_request: PullRequest) -> list[FileChange]:
        """What is handed in for a workflow. A QMS is told the files only, so it cannot see where they come from."""
        known = self.qms.latest(workflow_id)
        of = (self.fetch(workflow_id) if known is None else known[0]).pull_request
        if pull_request.repository.casefold() != of.repository.casefold():
            raise KeywordError(
                f"The pull request {pull_request.id} is of {pull_request.repository}, and the workflow {workflow_id} "
                f"reviews {of.id} of {of.repository}. Give a pull request of that repository, such as what "
                "`Fix Pull Request` returned for it, or another workflow=…"
            )
        return pull_request.files

    def _act(self, workflow: W, act: Callable[[str], Workflow]) -> Workflow:
        wanted = self.session.workflow_id(workflow)
        return self.changed(lambda: act(wanted))

    def _told(self, what: str, workflow: Workflow) -> Workflow:
        took = f", {duration_text(workflow.result.total_duration)} so far" if workflow.result.total_duration else ""
        self.say(
            f"{what}: {workflow.id} is {workflow.state} at {workflow.step}, {workflow.progress} %{took}.", workflow
        )
        return workflow
