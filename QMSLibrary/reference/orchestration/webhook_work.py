"""What follows from webhooks: reviews begin, new commits arrive, titles are mended (docs/decisions/0006).

A delivery is a row until its outcome is stored, in one transaction with what it did to a review. So a crash repeats
reading and doubles nothing. Deliveries about one pull request are worked off in the order in which they came.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack
from functools import partial
from typing import Any, Final

from pydantic import ValidationError
from sqlalchemy import Connection, Row, select

from QMSLibrary.contract.model import wire_time
from QMSLibrary.contract.pull_requests import FileChange, PullRequest
from QMSLibrary.contract.roles import CODE_HOST_ROLE
from QMSLibrary.contract.webhooks import DeliveryState, HookAction, PullRequestHook
from QMSLibrary.contract.workflows import WorkflowRequest, WorkflowState
from QMSLibrary.reference.kernel.context import Context
from QMSLibrary.reference.kernel.identity import Identity
from QMSLibrary.reference.kernel.refusals import Refusal

from . import people
from .act import Act, open_act
from .code_host import CodeHost, CodeHostError, MovedOnError, github
from .slots import finish
from .tables import webhook_deliveries, workflows

_LOG = logging.getLogger(__name__)
_AT_ONCE: Final = 8
"""Pull requests whose files are being read; each may take some megabytes."""
_TRIES: Final = 3
_PAUSE: Final = 1.0
_NOBODY: Final = "ghost"
"""GitHub's own name for the author whose account is no more."""
_Place = tuple[str, int]


class Deliveries:
    """Works off what the intake has queued."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._news = asyncio.Event()
        self._under_way: set[_Place] = set()
        self._places = asyncio.Semaphore(_AT_ONCE)

    def wake(self) -> None:
        """Something was queued."""
        self._news.set()

    async def run(self) -> None:
        """Work for ever, beginning with what a former life left."""
        settings = self._context.settings.code_host
        self._under_way.clear()
        async with AsyncExitStack() as stack:
            code_host = None if settings is None else await stack.enter_async_context(github(settings))
            group = await stack.enter_async_context(asyncio.TaskGroup())
            while True:
                self._news.clear()
                for place in await self._context.store.read(_places_with_work):
                    if place not in self._under_way:
                        self._under_way.add(place)
                        task = group.create_task(self._work_off(place, code_host), name=f"webhooks {place}")
                        task.add_done_callback(partial(self._landed, place))
                await self._news.wait()

    def _landed(self, place: _Place, _: asyncio.Task[None]) -> None:
        self._under_way.discard(place)
        self._news.set()  # one more may have come between its last look and now

    async def _work_off(self, place: _Place, code_host: CodeHost | None) -> None:
        store = self._context.store
        while (row := await store.read(partial(_next_of, place))) is not None:
            async with self._places:
                await self._settle(row, code_host)

    async def _settle(self, row: Row[Any], code_host: CodeHost | None) -> None:
        """Bring a delivery to its end, whatever happens on the way: one that breaks must not stop the others."""
        for attempt in range(1, _TRIES + 1):
            try:
                await self._do(row, code_host)
            except MovedOnError as error:
                await self._close(
                    row, DeliveryState.IGNORED, f"{_sentence(error)} A delivery of its own tells of that."
                )
            except CodeHostError as error:
                await self._close(row, DeliveryState.FAILED, _sentence(error))
            except ValidationError as error:
                await self._close(row, DeliveryState.FAILED, _what_is_wrong(error))
            except Refusal as refusal:
                await self._close(row, DeliveryState.IGNORED, refusal.detail)
            except Exception:
                _LOG.exception("webhook delivery %s failed, attempt %d", row.delivery_id, attempt)
                await asyncio.sleep(_PAUSE)
                continue
            return
        await self._close(row, DeliveryState.FAILED, f"It broke down {_TRIES} times; orchestration's log has more.")

    async def _do(self, row: Row[Any], code_host: CodeHost | None) -> None:
        hook = PullRequestHook.model_validate_json(row.payload)
        if hook.action == HookAction.EDITED:
            await self._context.store.write(partial(_edited, self._context, row, hook))
            return
        if code_host is None:
            raise CodeHostError("no code host is set, so the files of the pull request cannot be read")
        pull_request = hook.pull_request
        files = await code_host.files(
            hook.repository.full_name, pull_request.number, pull_request.head.sha, partial(self._note, row)
        )
        if not files:
            raise CodeHostError("the pull request changes no files, so there is nothing to review")
        whole = pull_request_of(hook, files)
        await self._context.store.write(partial(_arrived, self._context, row, hook, whole))

    async def _note(self, row: Row[Any], trouble: str) -> None:
        await self._context.store.write(lambda connection: _update(connection, row, reason=_sentence(trouble)))

    async def _close(self, row: Row[Any], state: DeliveryState, reason: str) -> None:
        _LOG.info("webhook delivery %s is %s: %s", row.delivery_id, state, reason)
        await self._context.store.write(lambda connection: _settled(self._context, connection, row, state, reason))


def pull_request_of(hook: PullRequestHook, files: list[FileChange]) -> PullRequest:
    """What GitHub tells, with its files, as the contract's own. Raises ValidationError when it does not fit."""
    told = hook.pull_request
    return PullRequest(
        id=id_of(hook),
        title=told.title,
        description=told.body or "",
        author=author_of(hook),
        repository=hook.repository.full_name,
        base_branch=told.base.ref,
        head_branch=told.head.ref,
        head_sha=told.head.sha,
        created_at=told.created_at,
        files=files,
    )


def id_of(hook: PullRequestHook) -> str:
    """What the pull request is called here."""
    return f"PR-{hook.pull_request.number}"


def author_of(hook: PullRequestHook) -> str:
    """The author's login, as it is: an account of the QMS that has the same name is taken for the same person."""
    return hook.pull_request.user.login if hook.pull_request.user else _NOBODY


def nobody_else_asks(hook: PullRequestHook) -> bool:
    """Whether nobody asks for the review but those who wrote what is reviewed: the author, or who pushed a commit."""
    own = hook.sender.login.casefold() == author_of(hook).casefold()  # GitHub's logins know no case
    return own or hook.action == HookAction.SYNCHRONIZE


def requested_by(hook: PullRequestHook) -> str:
    """Who asks for the review: the sender, or the repository, whose webhook asks for all of them.

    No login has a colon in it, so neither can be mistaken for an author.
    """
    return f"github:{hook.repository.full_name if nobody_else_asks(hook) else hook.sender.login}"


def _arrived(
    context: Context, row: Row[Any], hook: PullRequestHook, whole: PullRequest, connection: Connection
) -> None:
    if not _still_queued(connection, row):
        return
    latest = _latest_review(connection, hook)
    sender = _sender(hook)
    act: Act
    if latest is not None and (hook.action == HookAction.SYNCHRONIZE or latest.state not in people.FINISHED):
        act = open_act(context, connection, latest.id, sender, row.correlation_id)
        if hook.action != HookAction.SYNCHRONIZE and act.review.pull_request.head_sha == whole.head_sha:
            raise people.second_review(whole, latest.id)
        people.take_new_head(act, whole)
        did = f"The commit {whole.head_sha} was taken into the review."
    else:
        body = WorkflowRequest(pull_request=whole, approval_required=nobody_else_asks(hook))
        act = people.begin(context, connection, body, sender, row.correlation_id, requested_by(hook))
        did = "A review was begun."
    review = finish(act)
    _settled(context, connection, row, DeliveryState.DONE, did, review.id)


def _edited(context: Context, row: Row[Any], hook: PullRequestHook, connection: Connection) -> None:
    if not _still_queued(connection, row):
        return
    changed = [name for name in hook.changes if name in ("title", "body")]
    if not changed:
        what = ", ".join(hook.changes) or "nothing that is named"
        raise _nothing_follows(f"What was edited is {what}. A review takes that over with the next commit.")
    latest = _latest_review(connection, hook)
    if latest is None:
        raise _nothing_follows(f"There is no review of {id_of(hook)} whose text could be renewed.")
    if latest.state != WorkflowState.DOR_FAILED.value:
        raise _nothing_follows(
            f"Workflow {latest.id} is {latest.state}. Title and description are judged by the definition of ready: "
            f"they are taken over while it is {WorkflowState.DOR_FAILED}, or with the next commit."
        )
    act = open_act(context, connection, latest.id, _sender(hook), row.correlation_id)
    told = {"title": hook.pull_request.title, "description": hook.pull_request.body or ""}
    people.retry_with(act, PullRequest.model_validate({**act.pull_request().model_dump(), **told}), changed)
    review = finish(act)
    did = "Title and description were renewed, and the definition of ready is tried again."
    _settled(context, connection, row, DeliveryState.DONE, did, review.id)


def _nothing_follows(why: str) -> Refusal:
    return Refusal(409, "nothing_follows", why)


def _sender(hook: PullRequestHook) -> Identity:
    return Identity(f"github:{hook.sender.login}", CODE_HOST_ROLE)


def _latest_review(connection: Connection, hook: PullRequestHook) -> Any:
    query = (
        select(workflows.c.id, workflows.c.state)
        .where(workflows.c.repository == hook.repository.full_name)
        .where(workflows.c.pull_request_id == id_of(hook))
        .order_by(workflows.c.number.desc())
        .limit(1)
    )
    return connection.execute(query).one_or_none()


_QUEUED = webhook_deliveries.c.state == DeliveryState.QUEUED.value


def _places_with_work(connection: Connection) -> list[_Place]:
    columns = webhook_deliveries.c.repository, webhook_deliveries.c.pull_request
    return [
        (one.repository, one.pull_request) for one in connection.execute(select(*columns).where(_QUEUED).distinct())
    ]


def _next_of(place: _Place, connection: Connection) -> Row[Any] | None:
    table = webhook_deliveries.c
    query = select(webhook_deliveries).where(_QUEUED, table.repository == place[0], table.pull_request == place[1])
    return connection.execute(query.order_by(table.number).limit(1)).one_or_none()


def _still_queued(connection: Connection, row: Row[Any]) -> bool:
    query = select(webhook_deliveries.c.number).where(_QUEUED, webhook_deliveries.c.number == row.number)
    return connection.execute(query).scalar() is not None


def _settled(
    context: Context,
    connection: Connection,
    row: Row[Any],
    state: DeliveryState,
    reason: str,
    workflow_id: str | None = None,
) -> None:
    now = wire_time(context.now())
    _update(
        connection, row, state=state.value, reason=reason, workflow_id=workflow_id, settled_at=now, payload=None
    )  # fmt: skip


def _update(connection: Connection, row: Row[Any], **values: Any) -> None:
    connection.execute(webhook_deliveries.update().where(_QUEUED, webhook_deliveries.c.number == row.number), values)


def _sentence(said: object) -> str:
    text = str(said)
    return f"{text[:1].upper()}{text[1:]}."


def _what_is_wrong(error: ValidationError) -> str:
    found = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:5])
    return f"The pull request is not one that a review can be made of: {found}."
