"""Chapter load: how quickly the QMS answered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from robot.api.deco import keyword

from QMSLibrary.checks import asked
from QMSLibrary.formats.counts import counted
from QMSLibrary.history.entries import Act
from QMSLibrary.history.statistics import ResponseTimes, response_times, started_per_minute

from .assertions import Operator, check
from .chapter import Chapter
from .errors import KeywordError

Statistic = Literal["mean", "p50", "p95", "p99", "max", "error_rate", "count"]
_NAMES: Final = {
    "mean": "mean response time in ms",
    "p50": "median response time in ms",
    "p95": "p95 response time in ms",
    "p99": "p99 response time in ms",
    "max": "longest response time in ms",
    "error_rate": "share of errors (0 to 1)",
    "count": "number",
}


class Load(Chapter):
    """Keywords that read the history of this run."""

    @keyword
    def get_response_times(
        self,
        statistic: Statistic | None = None,
        assertion_operator: Operator = None,
        assertion_expected: Any = None,
        message: str | None = None,
        *,
        action: str | None = None,
        since: timedelta | datetime | None = None,
    ) -> Any:
        """Returns how long the QMS took to answer, and can check the value. Without a statistic all of them.

        | =Statistic= | =What it is= |
        | mean, p50, p95, p99, max | milliseconds; percentiles are values that were really measured |
        | error_rate | 0 to 1: the share of requests that got no answer or 5xx |
        | count | how many requests |

        Counted are the requests of this test; with ``since`` those after a moment or of the last so many minutes; with
        ``action`` only those of one kind, such as ``start_workflow``. Log-ins and health checks never count.

        Example:
        | Get Response Times    mean    <    500
        | Get Response Times    error_rate    <    0.01    action=start_workflow
        | ${times} =    Get Response Times    since=1 minute
        | Log    ${times.p95} ms of ${times.count}

        """
        acts = self._acts(action, since)
        figures = response_times(acts)
        if figures is None:
            known = ", ".join(sorted({one.action for one in self.session.journal.acts()})) or "nothing"
            raise KeywordError(
                f"There is nothing to measure: no request{f' of {action!r}' if action else ''} since "
                f"{self._since(since):%H:%M:%S}. Asked so far: {known}."
            )
        self.say(_told(figures, action))
        if statistic is None:
            if assertion_operator is not None:
                raise KeywordError("Name the statistic that is to be checked: Get Response Times    mean    <    500.")
            return figures
        what = f"{_NAMES.get(statistic, statistic)} of {counted(figures.count, 'request')}" + (
            f" of {action}" if action else ""
        )
        value = round(getattr(figures, statistic), 6)
        return check(value, assertion_operator, assertion_expected, message, asked.of_times(acts, statistic, what))

    @keyword
    def get_throughput(
        self,
        assertion_operator: Operator = None,
        assertion_expected: Any = None,
        message: str | None = None,
        *,
        since: timedelta | datetime | None = None,
    ) -> float:
        """Returns how many workflows were started per minute, from the first to the last, and can check the value.

        Counted are those of this test; with ``since`` those after a moment or of the last so many minutes.

        Example:
        | Trigger Workflows    ${prs}
        | Get Throughput    >    10

        """
        acts = self._acts("start_workflow", since)
        rate = started_per_minute(acts)
        if rate is None:
            raise KeywordError("There is no throughput: no workflow was started. Expected `Trigger Workflows` before.")
        self.say(f"{rate:.1f} workflows started per minute.")
        value: float = check(
            round(rate, 3),
            assertion_operator,
            assertion_expected,
            message,
            asked.of_times(acts, "throughput", "number of workflows started per minute"),
        )
        return value

    @keyword
    def get_acts(self, *, action: str | None = None, since: timedelta | datetime | None = None) -> list[Act]:
        """Returns what this test has asked of the QMS so far, the oldest first; it may be nothing.

        Each has ``action``, ``service``, ``actor``, ``role``, ``method``, ``path``, ``status``, ``outcome`` (done,
        refused, failed), ``code`` (why it was refused), ``duration_ms`` (milliseconds), ``workflow_id`` and
        ``correlation_id``. With ``since`` those after a moment or of the last so many minutes; with ``action`` only
        those of one kind, such as ``start_workflow``.

        Example:
        | ${acts} =    Get Acts    action=approve
        | Log    ${acts}[-1].actor was answered ${acts}[-1].status

        """
        acts = self._acts(action, since)
        told = "\n".join(f"{one.action} of {one.service} by {one.actor} ({one.role}): {one.outcome}" for one in acts)
        self.say(f"{counted(len(acts), 'act')}.", told)
        return acts

    def _acts(self, action: str | None, since: timedelta | datetime | None) -> list[Act]:
        return self.session.journal.acts(action=action, since=self._since(since))

    def _since(self, since: timedelta | datetime | None) -> datetime:
        if since is None:
            return self.session.began
        if isinstance(since, timedelta):
            return datetime.now(UTC) - since
        return since if since.tzinfo is not None else since.astimezone(UTC)


def _told(figures: ResponseTimes, action: str | None) -> str:
    return (
        f"{counted(figures.count, 'request')}{f' of {action}' if action else ''}: mean {figures.mean:.1f} ms, "
        f"p50 {figures.p50:.1f}, p95 {figures.p95:.1f}, p99 {figures.p99:.1f}, max {figures.max:.1f}, "
        f"errors {figures.error_rate:.2%}"
    )
