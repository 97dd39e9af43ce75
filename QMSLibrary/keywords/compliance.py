"""Chapter compliance: the audit trail."""

from __future__ import annotations

from datetime import timedelta
from time import monotonic

from robot.api.deco import keyword

from QMSLibrary.checks import audit
from QMSLibrary.contract.audit import AuditAction, AuditRecord, AuditRole
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.workflows import Workflow
from QMSLibrary.formats.counts import counted
from QMSLibrary.formats.names import did_you_mean

from .chapter import Chapter
from .errors import KeywordError
from .types import Count

W = Workflow | str | None


class Compliance(Chapter):
    """Keywords about the audit trail. Reading it is an audited access itself."""

    @keyword
    def get_audit_records(self, *, workflow: W = None, as_role: Role = Role.MANAGER) -> list[AuditRecord]:
        """Returns the audit records of a workflow and its escalations, in the order of their sequence.

        Example:
        | ${records} =    Get Audit Records
        | Log    ${records}[0].action

        """
        wanted = self.session.workflow_id(workflow)
        records = self.qms.orchestration.audit_trail(workflow_id=wanted, role=as_role)
        self.say(f"{counted(len(records), 'audit record')} about {wanted}.", "\n".join(map(_line, records)))
        return records

    @keyword
    def audit_trail_should_contain(
        self,
        action: str,
        *,
        actor: str | None = None,
        role: AuditRole | None = None,
        reason: str | None = None,
        object: str | None = None,
        count: Count | None = None,
        workflow: W = None,
        timeout: timedelta = timedelta(seconds=2),
        as_role: Role = Role.MANAGER,
    ) -> AuditRecord | None:
        """Fails unless the trail has a record of this action about the workflow. Returns the newest such record.

        ``actor`` and ``role`` must be equal; ``reason`` and ``object`` must be contained. With ``count`` there must be
        exactly so many. Other services hand their entries over a moment later, which ``timeout`` allows for; with
        ``count=0`` it looks once.

        Beside the roles of people there are ``service``, ``agent`` and ``code_host`` (it vouches for somebody). An
        actor of whom nothing is found must be somebody all the same: an account of the environment, a service, the
        pull request's author, or anybody on the whole trail.

        Example:
        | Audit Trail Should Contain    gate.overridden    role=manager    reason=Production is down
        | Audit Trail Should Contain    escalation.acknowledged    count=1

        """
        if action not in set(AuditAction):
            hint = did_you_mean(action, AuditAction)
            raise KeywordError(
                f"action: there is no audit action {action!r}.{hint} There are: {', '.join(AuditAction)}."
            )
        wanted = self.session.workflow_id(workflow)
        deadline = monotonic() + timeout.total_seconds()
        pause = 0.05
        while True:
            records = self.qms.orchestration.audit_trail(workflow_id=wanted, role=as_role)
            verdict, found = audit.contains(
                records, action, actor=actor, role=role, reason=reason, object=object, count=count
            )
            left = deadline - monotonic()
            if verdict.passed or left <= 0 or (count is not None and len(found) > count):
                break  # what is on the trail stays there, so there are never fewer
            # The trail has no events of its own, and each look at it is a record: so ask ever less often.
            self.qms.events.sleep(self.qms.events.now(), min(pause, left))
            pause *= 2
        if actor is not None and verdict.passed and not found:
            self._require_known(actor, wanted, records, as_role)
        self.require(verdict)
        return found[-1] if found else None

    def _require_known(self, actor: str, workflow_id: str, records: list[AuditRecord], role: Role) -> None:
        """Nothing was done by somebody who does not exist, so it says nothing that nothing is found of them."""
        here = [*(one.username for one in self.qms.connection.accounts.values()), *Service]
        # The cheap ways to know first: each look at the trail is a record on it.
        if actor in here or self.qms.orchestration.audit_trail(actor=actor, role=role):
            return
        known = list(
            dict.fromkeys([*(one.actor for one in records), self.fetch(workflow_id).pull_request.author, *here])
        )
        if actor not in known:
            raise KeywordError(
                f"actor: there is no {actor!r} anywhere on the audit trail, and no account, service or author of this "
                f"name.{did_you_mean(actor, known)} There are: {', '.join(known)}, and who else is on the trail."
            )

    @keyword
    def verify_audit_trail(self, *, trusted_key: str | None = None, as_role: Role = Role.MANAGER) -> int:
        """Fails unless the whole audit trail is intact. Returns the number of its records.

        Its sequence has no gap, each record's hash fits its content and continues the record before, and the end is
        signed. ``trusted_key`` is the QMS's public audit key (base64) from somewhere else than the QMS; without it the
        key that the QMS itself names is believed.

        Example:
        | Verify Audit Trail

        """
        head = self.qms.orchestration.audit_head(role=as_role)
        records = self.qms.orchestration.audit_trail(role=as_role)
        self.require(audit.intact(records, head, trusted_key))
        return len(records)


def _line(record: AuditRecord) -> str:
    return (
        f"{record.sequence} {record.time:%H:%M:%S} {record.action} {record.object} by {record.actor} ({record.role})"
        f"{f': {record.reason}' if record.reason else ''}"
    )
