"""Whatever a file holds, every agent answers, and soon."""

from __future__ import annotations

import time

import pytest
from agents_made import ALL_PASSED, change, pull_request
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from QMSLibrary.contract.pull_requests import ChangeType, FileChange
from QMSLibrary.contract.steps import STEP_CHECKS
from QMSLibrary.reference.agents.base import ReviewContext
from QMSLibrary.reference.agents.parsing import MAXIMUM_BYTES
from QMSLibrary.reference.agents.reading import Reading
from QMSLibrary.reference.agents.roster import ROSTER

BOUND = 20.0
"""Seconds of CPU for all six agents and any one file; a second is usual for the worst."""
SUFFIXES = (".py", ".ts", ".tsx", ".js", ".json", ".yaml", ".toml", ".md", ".robot", "", ".sh")
FRAGMENTS = (
    'def f(a):\n', '    return a\n', 'class A:\n', '@x\n', '"""doc"""\n', "f'{", "}'", "`${", "}`", "export ",
    "const a = ", 'function f(a) {\n', '}\n', "(", ")", "[", "]", "async ", "await ", "SELECT * FROM a WHERE b = '",
    "' + c", ".execute(", ".query(", "db", ".innerHTML = ", "<b>", "for (const a of b) ", 'for a in b:\n', 'if x:\n',
    '\t', '\n', " ", "\\", "'", "\"", "import a from './a'\n", 'from a import b\n', '*** Test Cases ***\n',
    '<<<<<<< HEAD\n', '>>>>>>> b\n', "password = '", "%", "+=", '\u2028', '\xe9', '\ud800', '\x00', '\r\n', "=>",
    "?.", "...", "/*", "*/", "//", "#", "yaml.load(", "eval(", ".join(", "not ",
)  # fmt: skip


def answers(*files: FileChange) -> float:
    """Let all agents answer; the CPU seconds that it took."""
    begun = time.process_time()
    reading = Reading(pull_request(*files))
    for agent in ROSTER.values():
        result = agent.answer(reading, ReviewContext(agent.step, "q.lead", ALL_PASSED))
        assert set(result.checks) <= set(STEP_CHECKS[agent.step])
        assert result.model_dump_json()
    return time.process_time() - begun


paths = st.builds(
    lambda stem, suffix: (stem or "a") + suffix,
    st.text(min_size=0, max_size=40)
    | st.sampled_from(("src/a", "tests/test_a", "docs/a", "src/a.test", "../../etc/a")),
    st.sampled_from(SUFFIXES),
)
contents = st.none() | st.text(max_size=400) | st.lists(st.sampled_from(FRAGMENTS), max_size=60).map("".join)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(paths, contents, st.sampled_from(ChangeType)), min_size=1, max_size=4))
def test_any_content_at_any_path_gets_an_answer(files: list[tuple[str, str | None, ChangeType]]) -> None:
    # Surrogates cannot come over the wire; they are taken anyway, because nothing may break on them.
    made = [
        FileChange.model_construct(path=path, content=content, type=type_, additions=1, deletions=0, previous_path=None)
        for path, content, type_ in files
    ]
    request = pull_request()
    request.files = made
    reading = Reading(request)
    for agent in ROSTER.values():
        agent.answer(reading, ReviewContext(agent.step, "q.lead", ALL_PASSED))


N = 60_000
BOMBS = {
    "brackets": "(" * N,
    "lists": "x = " + "[" * N + "]" * N,
    "calls": "f(" * N + ")" * N,
    "members": "a" + ".b" * N,
    "called results": "a" + "()" * N,
    "sum": "x = " + "1 + " * N + "1",
    "text sum": "x = 'SELECT a FROM b' + " + "c + " * N + "d",
    "assignments": "a = " * N + "b",
    "negations": "not " * N + "a",
    "lambdas": "lambda:" * N + "b",
    "arrows": "x=>" * N + "b",
    "templates": "`${" * N + "a" + "}`" * N,
    "braces": "{" * N,
    "open braces and brackets": "{[" * N,
    "ladder": "if a:\n b\n" + "elif c:\n d\n" * (N // 10),
    "stairs": "".join(" " * n + "if a:\n" for n in range(700)) + " " * 700 + "pass\n",
    "one line": "a" * 1_000_000,
    "one long string": "a = '" + "b" * 390_000 + "'",
    "many functions": "def f():\n    return f()\n\n\n" * 12_000,
    "many arguments": "f(" + "a," * N + ")",
    "many decorators": "@a\n" * N + "def f():\n    return 1\n",
    "quotes": "'" * N,
    "tags": "<a>" * N,
    "blanks": " " * N + "\n" * N,
    "spread lists": "[*" * N,
    "functions that call each other": "def f(a):\n    g(a)\n    return f(a)\n\n\n" * 10_000,
    "classes": "class A:\n    def f(self):\n        return self.f()\n\n\n" * 8_000,
    "loops": "for a in b:\n    db.find_one(a)\n" * 10_000,
    "locals": "def f(a):\n" + "    b = a\n" * 30_000,
    "queries": "def f(db, a):\n    x = 'SELECT a FROM b'\n"
    + "    x += a\n" * 3_000
    + "    db.execute('SELECT a FROM b' + x)\n" * 3_000,
    "nothings": "def f(db):\n"
    + "".join(f"    v{i} = v{i + 1} + v{i + 1}\n" for i in range(60))
    + "    v60 = ''\n    db.execute(v0)  # SELECT \n",
    "self-made of": "x = x + x\n" * 20_000 + "db.execute(x)\n",
    "blanks in an import": "import {"
    + " " * N
    + "a } from 'node:child_process'\nexec(a)\n"
    + "from os import ("
    + " " * N
    + "\n",
    "caches": "".join(f"c{i} = {{}}\n" for i in range(8_000))
    + "".join(f"def f{i}(k):\n    c{i}[k] = 1\n    return c{i}[k]\n" for i in range(6_000)),
    "one cache on one line": "c = {}\ndef f(k):\n    return " + "c[k" * N + "\n",
    "names for files": "import os\ndef f(request, a):\n" + "    a = a + request.args[a]\n    open(a)\n" * 8_000,
    "names for servers": "import requests\ndef f(a):\n    return requests.get(a)\ndef g(request):\n"
    + "    if a in request.args: f(request.args['a'])\n" * 6_000,
    "helpers": "import os\n" + "def f(a):\n    return f(a)\ndef g(a):\n    os.system(f(a))\n" * 6_000,
    "questions on one line": "import os\ndef f(a):\n    " + "if a in b: " * 20_000 + "os.system(a)\n",
    "queries in loops": "def f(db, b):\n    for a in b:\n"
    + "        c = a\n        db.fetch('SELECT a FROM b', c)\n" * 6_000,
    "searches": "for a in b:\n" + "    b.index(a)\n" * 15_000,
    "blocking": "async def f(a):\n" + "    open(a)\n" * 20_000,
    "wrapped collections": "for a in " + "list(" * 30 + "b" + ")" * 30 + ":\n  for c in b:\n    d\n",
    "digests": "import hashlib\ndef token(a):\n    return "
    + "hashlib.md5(" * 150
    + "a"
    + ")" * 150
    + "\n"
    + "hashlib.md5(a)\n" * 15_000,
}


FOR_READERS_OF_DATA = (
    "brackets",
    "lists",
    "members",
    "assignments",
    "quotes",
    "blanks",
    "one line",
    "spread lists",
    "templates",
)


@pytest.mark.parametrize(
    ("path", "bomb"),
    [
        *((path, bomb) for bomb in BOMBS for path in ("src/a.py", "src/a.ts")),
        *((path, bomb) for bomb in FOR_READERS_OF_DATA for path in ("a.yaml", "a.json", "a.toml", "a.robot")),
    ],
)
def test_a_bomb_gets_an_answer_within_bounded_time(bomb: str, path: str) -> None:
    test = change("tests/test_other.py", "from src.a import f, A\n\n\ndef test_f():\n    assert f(A())\n")
    assert answers(FileChange(path=path, content=BOMBS[bomb], additions=1), test) < BOUND


def test_names_that_lead_to_each_other_end() -> None:
    body = "def f(db):\n    a = b\n    b = a\n    return db.execute('SELECT a FROM b' + a)\n"
    many = (
        "def f(db, n):\n"
        + "".join(f"    v{i} = v{i + 1} + v{i + 1}\n" for i in range(60))
        + "    db.execute('SELECT ' + v0)\n"
    )
    assert answers(change("src/a.py", body), change("src/b.py", many)) < BOUND


def test_a_file_at_the_limit_is_read() -> None:
    text = "def f(a):\n    return a\n\n\n" * (MAXIMUM_BYTES // 26 - 1)
    assert answers(change("src/a.py", text)) < BOUND
