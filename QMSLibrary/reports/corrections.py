"""What robotframework-metrics gets wrong with the Robot Framework of today, put right from outside.

It does not know which failures of keywords were meant to be. The structure of output.xml tells: a failed keyword
below something that passed was expected (`Run Keyword And Expect Error`), tried (`TRY`) or repeated
(`Wait Until Keyword Succeeds`). It has failed and was caught, which says nothing bad about anybody.

It counts a keyword that was not run, because something before it failed or its branch was not taken, as if it had been
run, and whatever has not failed as passed, also what was skipped.

And it prints a test's suite as Python does, which has not been its name for some years.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from robot import result
from robotframework_metrics.keyword_results import KeywordResults
from robotframework_metrics.keyword_times import KeywordTimes
from robotframework_metrics.test_results import TestResults

CAUGHT: Final = "CAUGHT"
_COLUMNS: Final = {
    "<th>Fail Count</th>": "<th>Failed And Caught</th><th>Skipped</th>",
    "<td>{{ value['fail_count'] }}</td>": "<td class=\"caught\">{{ value['caught_count'] }}</td>"
    "<td>{{ value['skip_count'] }}</td>",
}


class CaughtResults(KeywordResults):  # type: ignore[misc]  # it has no types
    """Gives each keyword that was caught a status of its own, and leaves out those that were not run."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._passed_above = 0

    def start_test(self, test: result.TestCase) -> None:
        """A test that passed has caught whatever failed in it."""
        self._passed_above = int(test.passed)

    def end_test(self, test: result.TestCase) -> None:
        """What follows is the suite's."""
        self._passed_above = 0

    def start_keyword(self, kw: result.Keyword) -> None:
        """The package's own list of keywords, with our status."""
        known = len(self.kw_list)
        super().start_keyword(kw)
        if len(self.kw_list) > known:
            if kw.not_run:
                self.kw_list.pop()
            elif kw.failed and self._passed_above:
                self.kw_list[-1]["Status"] = CAUGHT
        self.start_body_item(kw)

    def end_keyword(self, kw: result.Keyword) -> None:
        """Leave it."""
        self.end_body_item(kw)

    def start_body_item(self, item: Any) -> None:
        """Enter a keyword, a loop, a branch. A message has no status."""
        self._passed_above += getattr(item, "passed", False)

    def end_body_item(self, item: Any) -> None:
        """Leave it."""
        self._passed_above -= getattr(item, "passed", False)


class CaughtTimes(KeywordTimes):  # type: ignore[misc]
    """Counts them, and what was skipped, beside the failures."""

    def get_keyword_times(self, kw_list: list[dict[str, Any]]) -> Any:
        """The package's table with two more columns."""
        times = super().get_keyword_times(kw_list)
        if not times.empty:
            for column, status in (("caught_count", CAUGHT), ("skip_count", "SKIP")):
                counted = Counter(kw["Name"] for kw in kw_list if kw["Status"] == status)
                times[column] = [counted[name] for name in times["Name"]]
        return times


class NamedTests(TestResults):  # type: ignore[misc]
    """Names each test's suite as the page's list of suites does."""

    def visit_test(self, test: result.TestCase) -> None:
        """The package's own entry, with the name."""
        super().visit_test(test)
        self.test_list[-1]["Suite Name"] = test.parent.full_name if test.parent else ""


def with_columns(template: str) -> str:
    """The page's template with columns for them; as it is when it is another one than we know."""
    if all(template.count(place) == 1 for place in _COLUMNS):
        for place, column in _COLUMNS.items():
            template = template.replace(place, place + column)
    return template
