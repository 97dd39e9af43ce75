"""Generated TypeScript and JavaScript, judged by tsc, node, vitest with istanbul, and eslint."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from data_wishes import PERFORMANCE, SECURITY, write_tree

from QMSLibrary.contract.pull_requests import PullRequest
from QMSLibrary.data import create_pull_request, fix_pull_request, head_of
from QMSLibrary.data.languages import language
from QMSLibrary.data.operations import LAYERS, SHARED, operations
from QMSLibrary.data.plan import Module, Piece
from QMSLibrary.data.pull_requests import plan_of
from QMSLibrary.data.spelling import domains, naming_of
from QMSLibrary.data.tested import measure
from tests.npm_tools import package, tool

ALL_FLAWS = {
    "security_issues": sorted(set(SECURITY) - {"sql_injection:high", "xss_vulnerability"}),
    "performance_issues": list(PERFORMANCE),
}
SHAPES: list[dict[str, Any]] = [
    {},
    ALL_FLAWS,
    {"code_patterns": "mvc", "test_coverage": 30},
    {"code_patterns": "service_layer", "complexity": "low", "test_coverage": 60},
    {"code_patterns": "repository", "code_style": 0.0, "test_coverage": 80},
    {"code_patterns": "mvc, repository", "files": 5, "lines_changed": 9},
    {"complexity": "high", "code_style": 0.5, "files": 20},
    {"changes": "quick_fix", "complexity": "low", "missing_tests": True, "missing_documentation": True},
]
FLAWED = 2
"""Points: the tests of functions with flaws need not reach every branch of them."""
_VITEST = """\
export default {{
  test: {{
    include: ['*/src/**/*.test.{suffix}'],
    reporters: ['json'],
    outputFile: 'tests.json',
    isolate: false,
    coverage: {{
      enabled: true,
      provider: 'istanbul',
      include: ['*/src/**/*.{suffix}'],
      exclude: ['**/*.test.*'],
      reporter: ['json'],
    }},
  }},
}};
"""


class Trees:
    """Repositories side by side, in one folder with the tools."""

    def __init__(self, root: Path, name: str) -> None:
        self.root, self.language, self.suffix = root, name, "ts" if name == "typescript" else "js"
        (root / "node_modules").symlink_to(package("typescript").parent)
        (root / "package.json").write_text('{"type": "module"}\n')
        self.made: dict[str, PullRequest] = {}
        self._coverage: dict[str, Any] | None = None

    def fill(self) -> Trees:
        """Put a pull request of each shape into a folder of its own, and one that was mended."""
        for number, shape in enumerate(SHAPES):
            self._add(f"p{number}", create_pull_request(language=self.language, seed=number, **shape))
        self._add("mended", fix_pull_request(create_pull_request(language=self.language, seed=99, **ALL_FLAWS)))
        return self

    def _add(self, folder: str, pull_request: PullRequest) -> None:
        self.made[folder] = pull_request
        write_tree(self.root / folder, head_of(pull_request))

    def run(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [tool(name), *arguments]
        return subprocess.run(command, cwd=self.root, capture_output=True, text=True, timeout=600)

    def coverage(self) -> dict[str, tuple[set[int], set[int]]]:
        """For each source file: the lines on which statements start, and those of them that ran."""
        if self._coverage is None:
            (self.root / "vitest.config.js").write_text(_VITEST.format(suffix=self.suffix))
            done = self.run("vitest", "run")
            said = json.loads((self.root / "tests.json").read_text())
            assert done.returncode == 0, [one for one in said["testResults"] if one["status"] != "passed"][:2]
            self._coverage = json.loads((self.root / "coverage" / "coverage-final.json").read_text())
        found = {}
        for path, file in self._coverage.items():
            lines: dict[int, int] = {}
            for number, place in file["statementMap"].items():
                line = place["start"]["line"]
                lines[line] = max(lines.get(line, 0), file["s"][number])
            found[str(Path(path).relative_to(self.root))] = (set(lines), {line for line, hits in lines.items() if hits})
        return found


@pytest.fixture(scope="module", params=["typescript", "javascript"])
def trees(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Trees:
    tool("tsc")
    return Trees(tmp_path_factory.mktemp(request.param), request.param).fill()


def test_it_compiles(trees):
    if trees.language == "typescript":
        settings = json.loads((trees.root / "p0" / "tsconfig.json").read_text())
        assert settings["compilerOptions"]["strict"] is True
        settings["include"] = ["*/src"]
        (trees.root / "tsconfig.json").write_text(json.dumps(settings))
        done = trees.run("tsc", "--strict", "--noEmit", "--listFiles", "-p", ".")
        assert done.returncode == 0, done.stdout[-3000:]
        read = [line for line in done.stdout.splitlines() if "/src/" in line and str(trees.root) in line]
        assert len(read) > 8 * len(SHAPES)  # tests included
    for path in sorted(trees.root.glob(f"*/src/**/*.{trees.suffix}")) if trees.language == "javascript" else ():
        checked = trees.run("node", "--check", str(path))
        assert checked.returncode == 0, checked.stderr


def test_a_mistake_in_a_type_would_be_seen(trees):
    if trees.language == "javascript":
        pytest.skip("JavaScript has no types.")
    wrong = trees.root / "p0" / "wrong.ts"
    wrong.write_text(
        "import type { Database } from './src/shared/database';\nexport const db: Database = { query: 1 };\n"
    )
    settings = json.loads((trees.root / "p0" / "tsconfig.json").read_text())
    (trees.root / "p0" / "wrong.json").write_text(json.dumps({**settings, "include": ["wrong.ts"]}))
    done = trees.run("tsc", "--noEmit", "-p", "p0/wrong.json")
    wrong.unlink()
    assert "wrong.ts(2,31): error TS2322" in done.stdout


def test_its_tests_are_green_and_reach_as_much_as_was_asked_for(trees):
    coverage = trees.coverage()
    for folder, pull_request in trees.made.items():
        paths = [f"{folder}/{one.path}" for one in pull_request.files if f"{folder}/{one.path}" in coverage]
        statements = sum(len(coverage[path][0]) for path in paths)
        share = 100 * sum(len(coverage[path][1]) for path in paths) / statements
        plan = plan_of(pull_request)
        wished = 0 if plan.wishes.missing_tests else plan.wishes.test_coverage or 100 * plan.wishes.author.test_coverage
        if folder == "mended":
            wished = 100
        else:
            assert share == pytest.approx(100 * measure(plan).statements, abs=FLAWED), folder
        assert abs(share - wished) <= 5, folder


def test_linters_complain_about_as_many_functions_as_are_untidy_and_about_no_other(trees):
    (trees.root / "eslint.config.js").write_text((trees.root / "p0" / "eslint.config.js").read_text())
    done = trees.run("eslint", "--format", "json", *(f"{folder}/src" for folder in trees.made))
    assert done.stdout, done.stderr
    complained: dict[str, set[tuple[str, str]]] = {folder: set() for folder in trees.made}
    rules = set()
    for file in json.loads(done.stdout):
        path = Path(file["filePath"]).relative_to(trees.root)
        for message in file["messages"]:
            assert message["ruleId"], message  # null: it does not parse
            rules.add(message["ruleId"].rpartition("/")[2])
            complained[path.parts[0]].add((str(path), _function_at(Path(file["filePath"]), message["line"])))
    for folder, pull_request in trees.made.items():
        untidy = [] if folder == "mended" else [piece.name for piece in plan_of(pull_request).pieces if piece.untidy]
        assert sorted(name for _, name in complained[folder]) == sorted(untidy), folder
    assert {"no-var", "no-unused-vars", "eqeqeq"} == rules


def _function_at(path: Path, line: int) -> str:
    heads = [re.match(r"export (?:async )?function (\w+)", text) for text in path.read_text().splitlines()[:line]]
    return next(head[1] for head in reversed(heads) if head)


@pytest.mark.parametrize("name", ["typescript", "javascript"])
def test_the_tests_of_each_function_reach_what_the_templates_say(tmp_path, name):
    """The arithmetic of coverage rests on it, and on the count of each function's statements."""
    tool("vitest")
    tongue, domain = language(name), domains()[0]
    naming = naming_of(domain, domain.noun, domain.texts[0], domain.numbers[0], False)
    trees = Trees(tmp_path, name)
    modules = {}
    for folder, partly in (("full", False), ("partial", True)):
        files = {**tongue.shared(), tongue.types_path(domain): tongue.types(domain, [domain.noun])}
        for layer in (*LAYERS, SHARED):
            known = [one for one in operations(name, layer) if one.missed or not partly or layer == "repository"]
            pieces = [Piece(one, naming, naming(one.name), partly=partly and one.missed > 0) for one in known]
            module = Module(domain, domain.noun, layer, pieces)
            modules[folder, layer] = module
            files[tongue.source_path(module)] = tongue.source(module)
            files[tongue.test_path(module)] = tongue.tests([module])
        write_tree(tmp_path / folder, files)
    coverage = trees.coverage()
    wrong = {}
    for (folder, _), module in modules.items():
        path = f"{folder}/{tongue.source_path(module)}"
        statements, reached = coverage[path]
        found: dict[str, list[int]] = {}
        for line in statements:
            found.setdefault(_function_at(tmp_path / path, line), []).append(line)
        for piece in module.pieces:
            own = set(found[piece.name])
            assert len(own) == piece.statements, (path, piece.name)
            wrong[path, piece.name] = len(own - reached) - (piece.operation.missed if piece.partly else 0)
    assert not {place: count for place, count in wrong.items() if count}
