"""Changes without code: how big they are when nobody says so, and what a reviewer would find odd about them."""

from __future__ import annotations

import re

import pglast
import pytest

from QMSLibrary.contract.pull_requests import ChangeType
from QMSLibrary.data import create_pull_request, head_of
from QMSLibrary.data.forms.before import base_tree, text_before
from QMSLibrary.data.personas import persona
from QMSLibrary.data.wishes import WITHOUT_CODE

WITHOUT = ("sql", "yaml", "dockerfile", "markdown")


@pytest.mark.parametrize("author", ["bot", "senior_developer", "tech_lead"])
@pytest.mark.parametrize("complexity", ["low", "medium", "high"])
@pytest.mark.parametrize("language", WITHOUT)
def test_they_are_as_big_as_such_changes_are(language, complexity, author):
    least, most = (round(count * persona(author).size) for count in WITHOUT_CODE[complexity].files)
    fewest = 4 if complexity == "high" else 1  # owners, the decision, and a file for each domain
    for seed in range(12):
        pull_request = create_pull_request(language=language, complexity=complexity, author=author, seed=seed)
        assert max(least, fewest) <= len(pull_request.files) <= max(most, fewest)
        changed = [file for file in pull_request.files if file.type is ChangeType.MODIFIED]
        assert all(file.deletions <= min(4, file.additions) for file in changed)
        assert all(file.additions <= 16 for file in changed)
        assert pull_request.lines_changed <= 60 * len(pull_request.files)


def test_migrations_are_numbered_in_their_order_and_refer_to_earlier_ones():
    referring = 0
    for seed in range(20):
        pull_request = create_pull_request(language="sql", complexity="high", author="tech_lead", seed=seed)
        texts = head_of(pull_request)
        own = [file.path for file in pull_request.files if file.path.endswith(".sql")]
        assert own == sorted(own)
        assert len({path.partition("_")[0] for path in own}) == len(own)
        made: list[str] = []
        for path in sorted(path for path in texts if path.endswith(".sql")):
            tables = [raw.stmt for raw in pglast.parse_sql(texts[path]) if type(raw.stmt).__name__ == "CreateStmt"]
            for table in tables:
                targets = re.findall(r"REFERENCES (\w+)", texts[path])
                assert set(targets) <= set(made)
                referring += len(targets)
                made.append(table.relation.relname)
        assert len(set(made)) == len(made)
    assert referring > 20


@pytest.mark.parametrize("language", WITHOUT)
@pytest.mark.parametrize("asked", [{"files": 19, "lines_changed": 893}, {"lines_changed": 847}, {"files": 7}])
def test_a_changelog_loses_next_to_nothing(language, asked):
    for seed in range(6):
        pull_request = create_pull_request(language=language, seed=seed, **asked)
        assert len(pull_request.files) == asked.get("files", len(pull_request.files))
        assert pull_request.lines_changed == asked.get("lines_changed", pull_request.lines_changed)
        changelogs = [file for file in pull_request.files if file.path == "CHANGELOG.md"]
        assert all(file.deletions <= 3 for file in changelogs)


def test_the_newest_entry_of_a_changelog_is_what_was_added_to_it():
    for seed in range(20):
        pull_request = create_pull_request(language="sql", seed=seed)
        text = base_tree(pull_request)["CHANGELOG.md"]
        file = next(file for file in pull_request.files if file.path == "CHANGELOG.md")
        feature = re.search(r"- .*", file.content)[0]
        assert feature not in text
        assert re.fullmatch(r"# Changelog\n\n(## Unreleased\n\n)?## \d+\.\d+\.0\n.*", text, re.DOTALL)


@pytest.mark.parametrize("additions", range(18))
@pytest.mark.parametrize("deletions", [0, 1, 3, 20])
def test_a_dockerfile_began_with_an_image_before(additions, deletions):
    pull_request = create_pull_request(language="dockerfile", complexity="low", seed=3)
    file = next(file for file in pull_request.files if file.path.endswith("Dockerfile"))
    counted = file.model_copy(update={"type": ChangeType.MODIFIED, "additions": additions, "deletions": deletions})
    lines = text_before(counted, seed=additions).splitlines()
    instructions = [line for line in lines if line.strip() and not line.startswith("#")]
    assert instructions[0].startswith("FROM"), lines
