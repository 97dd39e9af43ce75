"""What GitHub tells a QMS, as far as it is read; and what became of it.

The payloads are GitHub's real ones (https://docs.github.com/en/webhooks/webhook-events-and-payloads): dozens of fields
that nobody needs here come with them and are ignored.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import Field, StringConstraints

from .model import Model, Moment, Page
from .steps import Step

SIGNATURE_HEADER: Final = "X-Hub-Signature-256"
"""``sha256=`` and 64 lower-case hexadecimal digits: HMAC-SHA256 over the body as it was sent."""
EVENT_HEADER: Final = "X-GitHub-Event"
DELIVERY_HEADER: Final = "X-GitHub-Delivery"

# No NUL: GitHub lets none through, and no database could store one in a title.
_Words = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]
_Name = Annotated[str, StringConstraints(pattern=r"^[^\x00]+$", max_length=256)]


class StatusContext(StrEnum):
    """The commit statuses of a QMS: one for each step, by the name that branch protection requires."""

    DOR_VALIDATION = "qms/dor-validation"
    PROGRESS_REVIEWS = "qms/progress-reviews"
    DOD_VALIDATION = "qms/dod-validation"
    FINAL_REVIEW = "qms/final-review"

    @property
    def step(self) -> Step:
        """The step that it is about."""
        return Step[self.name]


class HookEvent(StrEnum):
    """The events that a QMS knows. Others are accepted and ignored."""

    PING = "ping"
    PULL_REQUEST = "pull_request"


class HookAction(StrEnum):
    """What happened to a pull request, as far as a review can follow from it."""

    OPENED = "opened"
    REOPENED = "reopened"
    READY_FOR_REVIEW = "ready_for_review"
    SYNCHRONIZE = "synchronize"
    """The branch has moved."""
    EDITED = "edited"
    """Title, description or base branch were changed."""
    CLOSED = "closed"


class HookAccount(Model):
    """Somebody on GitHub."""

    login: _Name


class HookRepository(Model):
    """A repository on GitHub."""

    full_name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$", max_length=256)]


class HookBranch(Model):
    """One end of a pull request."""

    ref: _Name
    sha: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")]


class HookPullRequest(Model):
    """A pull request as GitHub describes it: without its files."""

    number: Annotated[int, Field(ge=1, lt=2**31)]
    title: _Words
    body: _Words | None = None
    draft: bool = False
    merged: bool | None = None
    user: HookAccount | None = None
    """Its author; None when the account is no more."""
    head: HookBranch
    base: HookBranch
    created_at: Moment


class Hook(Model):
    """What every event has. ``ping`` of a whole organisation has no repository."""

    action: _Name | None = None
    repository: HookRepository | None = None
    sender: HookAccount | None = None


class PingHook(Hook):
    """GitHub's first word after a webhook was set up."""

    zen: str | None = None
    hook_id: int | None = None


class PullRequestHook(Hook):
    """Something happened to a pull request."""

    action: _Name
    pull_request: HookPullRequest
    repository: HookRepository
    sender: HookAccount
    changes: dict[str, Any] = {}
    """For ``edited``: what was changed, by the names ``title``, ``body``, ``base``."""


class DeliveryState(StrEnum):
    """What became of a delivery."""

    QUEUED = "queued"
    DONE = "done"
    IGNORED = "ignored"
    FAILED = "failed"


class HookReceipt(Model):
    """The answer to a delivery."""

    delivery_id: str
    event: str
    action: str | None = None
    state: DeliveryState
    reason: str | None = None
    repeated: bool = False
    """It was had before: this is what became of it then, and nothing is done again."""
    correlation_id: str
    """Of the first time; the workflow that comes of it carries it."""


class HookDelivery(Model):
    """A delivery and what became of it."""

    delivery_id: str
    event: str
    action: str | None = None
    repository: str | None = None
    pull_request: int | None = None
    """Its number on GitHub."""
    sender: str | None = None
    state: DeliveryState
    reason: str | None = None
    """Why it was ignored or failed; while it is queued, what it waits for."""
    workflow_id: str | None = None
    """The workflow that was started or changed."""
    correlation_id: str
    received_at: Moment
    settled_at: Moment | None = None


class HookDeliveryPage(Page):
    """Deliveries, newest first."""

    items: list[HookDelivery]
