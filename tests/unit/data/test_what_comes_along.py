"""Files beside the code, far-reaching changes, and what the reference QMS sees of the coverage that was asked for."""

from __future__ import annotations

import ast
import re
from collections import Counter

import pglast
import pytest
import yaml
from data_wishes import LANGUAGES, assert_parses

from QMSLibrary.contract.pull_requests import PullRequest
from QMSLibrary.data import create_pull_request, head_of
from QMSLibrary.data.companions import KINDS
from QMSLibrary.data.pull_requests import plan_of
from QMSLibrary.data.tested import measure
from QMSLibrary.reference.agents.reading import Reading


def _files(pull_request: PullRequest, ending: str) -> dict[str, str]:
    return {file.path: file.content or "" for file in pull_request.files if file.path.endswith(ending)}


def _columns(migration: str) -> dict[str, list[str]]:
    """The tables of a migration with their columns, as PostgreSQL's parser sees them."""
    found = {}
    for raw in pglast.parse_sql(migration):
        if type(raw.stmt).__name__ == "CreateStmt":
            elements = [one for one in raw.stmt.tableElts if type(one).__name__ == "ColumnDef"]
            found[raw.stmt.relation.relname] = [column.colname for column in elements]
    return found


@pytest.mark.parametrize("seed", range(6))
def test_code_types_and_migration_agree(seed):
    pull_request = create_pull_request(language="python", seed=seed, files=15, lines_changed=900)
    files = head_of(pull_request)
    tables: dict[str, list[str]] = {}
    for path, text in files.items():
        if path.endswith(".sql"):
            tables.update(_columns(text))
    classes = {
        node.name: [field.target.id for field in node.body if isinstance(field, ast.AnnAssign)]
        for path, text in files.items()
        if path.endswith("models.py")
        for node in ast.parse(text).body
        if isinstance(node, ast.ClassDef)
    }
    statements = 0
    for path, text in files.items():
        if not path.endswith("_repository.py"):
            continue
        for call in (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)):
            if not (call.args and isinstance(call.args[0], ast.Constant)):
                continue
            sql = str(call.args[0].value)
            if sql.split(" ")[0] not in ("SELECT", "INSERT", "UPDATE", "DELETE"):
                continue
            statements += 1
            numbers = iter(range(1, 50))
            tree = pglast.parse_sql(re.sub("%s", lambda _, numbers=numbers: f"${next(numbers)}", sql))[0].stmt
            table = re.search(r"(?:FROM|INTO|UPDATE) (\w+)", sql)[1]
            assert table in tables, (path, sql)
            assert sql.count("%s") == len(call.args[1].elts), (path, sql)
            if type(tree).__name__ == "InsertStmt":
                assert [column.name for column in tree.cols] == tables[table]
    assert statements > 3
    for name, fields in classes.items():
        table = [columns for columns in tables.values() if columns == fields]
        assert table, (name, fields)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_feature_brings_other_kinds_of_files_along_and_not_always_the_same(language):
    kinds: Counter[str] = Counter()
    for seed in range(40):
        plan = plan_of(create_pull_request(language=language, author="tech_lead", complexity="high", seed=seed))
        kinds.update(companion.kind for companion in plan.companions)
    assert set(kinds) == set(KINDS) - {"manifest"}
    assert kinds["owners"] == 40
    assert kinds["dockerfile"] < 30
    assert kinds["migration"] < 40


@pytest.mark.parametrize(
    ("language", "ending"), [("sql", ".sql"), ("yaml", ".yaml"), ("dockerfile", "Dockerfile"), ("markdown", ".md")]
)
@pytest.mark.parametrize("files", [1, 2, 12, 500])
def test_a_pull_request_may_have_no_code_at_all(language, ending, files):
    pull_request = create_pull_request(language=language, files=files, lines_changed=files * 20, seed=files)
    assert (len(pull_request.files), pull_request.lines_changed) == (files, files * 20)
    assert len(_files(pull_request, ending)) >= max(1, files - 1)
    for file in pull_request.files[:20]:
        assert_parses(file.path, file.content or "")
    manifests = [text for path, text in _files(pull_request, ".yaml").items() if path.startswith("deploy/")]
    for deployment, service in (list(yaml.safe_load_all(text)) for text in manifests):
        assert deployment["spec"]["template"]["metadata"]["labels"] == service["spec"]["selector"]
    assert not Reading(pull_request).sources


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_high_complexity_concerns_two_domains_what_they_share_and_their_teams(language):
    for seed, files in ((1, None), (2, 6), (3, 40)):
        pull_request = create_pull_request(complexity="high", language=language, files=files, seed=seed)
        plan = plan_of(pull_request)
        paths = [file.path for file in pull_request.files]
        sources = [path for path in paths if path.startswith(("src/", "app/")) and ".test." not in path]
        folders = {path.split("/")[1] for path in sources}
        assert "shared" in folders
        assert len(folders) >= 3
        assert ".github/CODEOWNERS" in paths
        decision = next(text for path, text in _files(pull_request, ".md").items() if path.startswith("docs/adr/"))
        for domain in plan.domains:
            words = " ".join(domain.noun.many)
            assert f"the {words} team" in pull_request.description
            assert f"the {words} team" in decision
        assert "the platform team" in pull_request.description


@pytest.mark.parametrize(
    ("wished", "passes"),
    [({}, True), ({"test_coverage": 80}, True), ({"test_coverage": 79}, False), ({"test_coverage": 60}, False)],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_reference_sees_as_many_functions_tested_as_the_plan_has(language, wished, passes):
    for seed in range(8):
        size = ("low", "medium")[seed % 2]
        pull_request = create_pull_request(language=language, complexity=size, seed=seed, **wished)
        seen = Reading(pull_request).coverage
        plan = plan_of(pull_request)
        if all(not source.small for source in Reading(pull_request).sources):
            assert seen == pytest.approx(100 * measure(plan).functions)
        assert (seen >= 80) == passes, (seed, seen)
