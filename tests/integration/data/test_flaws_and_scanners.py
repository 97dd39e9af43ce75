"""What scanners that nobody here wrote say of the flaws: found where they are, and nothing in the mended code.

Each scanner runs once, over one tree with every flaw in every language. One that is not installed is named.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.scanners.scanners import SCANNERS, Hit, Scanner
from tests.scanners.table import NOTHING, REFERENCE, checked_in, hits_at_the_flaw, run, said_by_the_agents
from tests.scanners.tree import Case, cases, write

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
every_case = pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case.flaw}-{case.language}")
every_scanner = pytest.mark.parametrize("scanner", SCANNERS, ids=lambda scanner: scanner.name)

Said = Callable[[Scanner], list[Hit]]


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Said:
    """What a scanner said; each runs when it is asked for first."""
    root = tmp_path_factory.mktemp("flaws")
    write(root)
    known: dict[str, list[Hit]] = {}

    def of(scanner: Scanner) -> list[Hit]:
        if scanner.name not in known:
            known[scanner.name] = run(scanner, root)
        return known[scanner.name]

    return of


@every_case
def test_a_third_party_finds_every_flaw_where_it_is(said: Said, case: Case) -> None:
    absent = [reason for scanner in SCANNERS if (reason := scanner.absent())]
    if any(hits_at_the_flaw(case, said(scanner)) for scanner in SCANNERS if scanner.absent() is None):
        return
    if absent:
        pytest.skip(" ".join(absent))
    pytest.fail(f"No scanner finds {case.flaw} in {case.place[0]}, lines {case.place[1]}.")


@every_scanner
def test_nothing_is_found_in_the_mended_code_and_nothing_but_the_flaw_in_the_flawed_one(
    said: Said, scanner: Scanner
) -> None:
    if reason := scanner.absent():
        pytest.skip(reason)
    found = said(scanner)
    meant = [hit for case in cases() for hit in hits_at_the_flaw(case, found)]
    assert sorted(found) == sorted(meant)
    assert found, f"{scanner.name} found nothing at all, so it shows nothing"


@every_case
def test_the_agents_find_every_flaw_where_it_is_and_nothing_else(case: Case) -> None:
    found = said_by_the_agents(case, case.flawed)
    assert [hit.rule for hit in found] == [case.flaw]
    assert hits_at_the_flaw(case, found) == found
    assert said_by_the_agents(case, case.mended, "mended") == []


@every_scanner
def test_the_table_in_the_documentation_is_what_the_scanner_says(said: Said, scanner: Scanner) -> None:
    if reason := scanner.absent():
        pytest.skip(reason)
    written = {key: cells[scanner.name] != NOTHING for key, cells in checked_in().items()}
    real = {(case.flaw, case.language): bool(hits_at_the_flaw(case, said(scanner))) for case in cases()}
    assert written == real, "docs/flaws.md is out of date: run `make flaws`"


def test_the_table_has_every_flaw_and_the_agents_find_all() -> None:
    assert {key: cells[REFERENCE] != NOTHING for key, cells in checked_in().items()} == {
        (case.flaw, case.language): True for case in cases()
    }


def test_the_repository_itself_holds_no_credential() -> None:
    """What a code host looks for before it takes a push: the marks in the data are none, and neither are test cases."""
    from QMSLibrary.reference.agents.flaws.hardcoded_secret import issued_secrets

    checkout = Path(__file__).parents[3]
    texts = [
        path
        for folder in ("QMSLibrary", "tests", "docs", "suites", "resources", "variables")
        for path in (checkout / folder).rglob("*")
        if path.suffix in (".py", ".yaml", ".txt", ".md", ".robot", ".resource") and "node_modules" not in path.parts
    ]
    found = {str(path): list(issued_secrets(path.read_text(encoding="utf-8"))) for path in texts}
    assert {path: places for path, places in found.items() if places} == {}
