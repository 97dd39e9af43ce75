"""Every check of every step passes and fails for the right reason."""

from __future__ import annotations

from typing import Any

import pytest
from agents_made import ALL_PASSED, COORDINATOR, DOD, DOR, REVIEWER, SCANNER, answer, change, pull_request, reasons

from QMSLibrary.contract.pull_requests import ChangeType, FileChange
from QMSLibrary.contract.steps import STEP_AGENTS, STEP_CHECKS, Step, StepStatus
from QMSLibrary.reference.agents.roster import ROSTER

SERVICE = change(
    "src/orders.py",
    '''
    """Orders."""


    def cancel(order):
        """Cancel an order that was not sent."""
        if order.sent:
            raise ValueError("it was sent")
        return order.closed()


    def total(orders):
        """Add up what the orders cost."""
        return sum(order.price for order in orders)
    ''',
)
BARE = change(
    "src/orders.py", "def cancel(order):\n    return order.closed()\n\n\ndef total(orders):\n    return sum(orders)\n"
)
TESTS = change(
    "tests/test_orders.py",
    """
    from src.orders import cancel, total


    def test_cancel():
        assert cancel(OPEN).is_closed


    def test_total():
        assert total([]) == 0
    """,
)
GUIDE = change("docs/orders.md", "# Orders\n\n`cancel` closes an order, `total` adds them up.\n")
GOOD = pull_request(SERVICE, TESTS)


def test_a_good_pull_request_passes_everything() -> None:
    assert reasons(GOOD) == []
    for role in ROSTER:
        assert all(answer(role, GOOD).checks.values())


def test_the_agents_of_a_step_answer_for_all_its_checks() -> None:
    assert {role for roles in STEP_AGENTS.values() for role in roles} == set(ROSTER)
    for step, roles in STEP_AGENTS.items():
        answered = [check for role in roles for check in answer(role, GOOD).checks]
        assert sorted(answered) == sorted(STEP_CHECKS[step])


# --- definition of ready
@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"title": "Cancel orders"}, "title_format"),
        ({"title": "feature: cancel orders"}, "title_format"),
        ({"title": "feat:cancel"}, "title_format"),
        ({"title": "feat(): cancel"}, "title_format"),
        ({"description": "Because."}, "description_too_short"),
        ({"description": " " * 80}, "description_too_short"),
        ({"head_branch": "cancel-orders"}, "branch_name"),
        ({"head_branch": "feature/"}, "branch_name"),
    ],
)
def test_requirements_fail(fields: dict[str, Any], reason: str) -> None:
    found = answer(DOR, pull_request(SERVICE, TESTS, **fields))
    assert found.failure_reasons == [reason]
    assert [name for name, passed in found.checks.items() if not passed] == ["requirements_covered"]


@pytest.mark.parametrize("title", ["fix: a", "feat(api)!: drop v1", "docs(read me): say more", "chore!: drop it"])
def test_titles_that_are_conventional_commits(title: str) -> None:
    assert answer(DOR, pull_request(SERVICE, TESTS, title=title)).checks["requirements_covered"]


def test_code_without_tests_is_not_ready_and_the_file_is_named() -> None:
    found = answer(DOR, pull_request(SERVICE))
    assert found.failure_reasons == ["missing_tests"]
    assert [(one.path, one.line) for one in found.findings] == [("src/orders.py", 4)]


def test_tests_of_something_else_do_not_count() -> None:
    other = change("tests/test_users.py", "from src.users import rename\n\n\ndef test_it():\n    assert rename('a')\n")
    assert "missing_tests" in answer(DOR, pull_request(SERVICE, other)).failure_reasons


def test_importing_is_not_testing() -> None:
    idle = change("tests/test_orders.py", "from src.orders import cancel\n\n\ndef test_it():\n    assert True\n")
    assert "missing_tests" in answer(DOR, pull_request(SERVICE, idle)).failure_reasons


def test_deleted_tests_do_not_count() -> None:
    gone = TESTS.model_copy(update={"type": ChangeType.DELETED, "content": None})
    assert "missing_tests" in answer(DOR, pull_request(SERVICE, gone)).failure_reasons


@pytest.mark.parametrize(
    "files",
    [
        [GUIDE],
        [TESTS],
        [change("package.json", '{"name": "orders"}')],
        [change("src/limits.py", "MOST = 5\nLEAST = 1\n")],
        [change("src/types.ts", "export interface Order {\n  id: string;\n}\n")],
        [change("vite.config.ts", "export default defineConfig(() => ({ plugins: [make()] }));\n")],
        [change("src/orders.py", None, type=ChangeType.DELETED)],
        [change("logo.png", None)],
        [change("scripts/deploy.sh", "set -e\necho deploy\n")],
    ],
)
def test_changes_without_behaviour_need_neither_tests_nor_documentation(files: list[Any]) -> None:
    assert reasons(pull_request(*files)) == []


def test_undocumented_code_is_not_ready() -> None:
    found = answer(DOR, pull_request(BARE, TESTS))
    assert found.failure_reasons == ["missing_documentation"]
    assert not found.checks["documentation_updated"]


def test_a_documentation_file_or_comments_make_it_ready() -> None:
    assert answer(DOR, pull_request(BARE, TESTS, GUIDE)).failure_reasons == []
    assert answer(DOR, pull_request(SERVICE, TESTS)).failure_reasons == []


def test_somebody_else_than_the_author_has_to_ask() -> None:
    found = answer(DOR, GOOD, requested_by=GOOD.author)
    assert found.failure_reasons == ["approval_missing"]
    assert not found.checks["approval_received"]


# --- progress reviews
BRANCHES = "".join(f"    if a == {number}:\n        return {number}\n" for number in range(25))
LONG = "".join(f"    use({number})\n" for number in range(160))


@pytest.mark.parametrize(
    ("path", "content", "reason"),
    [
        ("src/a.py", "def broken(:\n    pass\n", "syntax_error"),
        ("src/a.ts", "export function broken( {\n", "syntax_error"),
        ("tests/test_a.py", "def test_a(:\n    assert 1\n", "syntax_error"),
        ("src/a.py", f"def branchy(a):\n{BRANCHES}", "too_complex"),
        ("src/a.py", f"def long(a):\n{LONG}", "too_complex"),
        ("src/a.py", "def f(a):\n    breakpoint()\n    return a\n", "debug_leftover"),
        ("src/a.py", "def f(a):\n    import pdb; pdb.set_trace()\n", "debug_leftover"),
        ("src/a.js", "function f(a) {\n  debugger;\n  return a;\n}\n", "debug_leftover"),
        ("notes.txt", "a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> other\n", "merge_conflict"),
    ],
)
def test_code_quality_fails(path: str, content: str, reason: str) -> None:
    found = answer(REVIEWER, pull_request(change(path, content)))
    assert found.failure_reasons == [reason]
    assert found.checks == {"code_quality_passed": False, "peer_review_completed": True}
    assert any(one.type == reason and one.path == path for one in found.findings)


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("src/a.py", "type Names = list[str]\n\n\ndef first[T](items: list[T]) -> T:\n    return items[0]\n"),
        ("src/a.py", 'def f(a):\n    return f"{a["b"]}"\n'),
        ("src/a.js", "export const f = async () => {\n  for await (const a of b()) yield_(a?.c ?? 1);\n};\n"),
        ("src/a.ts", "export const f = <T,>(a: T): a is NonNullable<T> => a satisfies unknown;\n"),
        ("src/a.tsx", "export const F = ({ a }: P) => <p key={a}>{a && <b>{a}</b>}</p>;\n"),
        ("README.md", "Title\n=======\n\n>>>>>>> a quote of a quote\n"),
        ("src/a.py", "def tell(a):\n    print(a)\n"),
    ],
)
def test_code_that_is_right_although_it_looks_odd(path: str, content: str) -> None:
    assert answer(REVIEWER, pull_request(change(path, content))).failure_reasons == []


@pytest.mark.parametrize(
    "file",
    [
        change("src/a.py", None, type=ChangeType.MODIFIED),
        change("src/a.py", "a = 'b\0c'\n"),
        change("src/a.py", "a = 1\n" * 100_000),
    ],
)
def test_a_file_that_cannot_be_read_is_not_reviewed(file: Any) -> None:
    found = answer(REVIEWER, pull_request(file))
    assert found.failure_reasons == ["unreadable_file"]
    assert not found.checks["peer_review_completed"]


@pytest.mark.parametrize(
    ("path", "content", "type_", "line"),
    [
        ("src/a.py", "def getName(a):\n    return a\n", "naming", 1),
        ("src/a.py", "def f(a):\n    theName = a\n    return theName\n", "naming", 2),
        ("src/a.py", "def f(a):\n    left = a\n    return 1\n", "unused_variable", 2),
        ("src/a.py", "def f(a):\n    try:\n        g(a)\n    except:\n        return 1\n", "bare_except", 4),
        ("src/a.py", "def f(a):\n    return a == None\n", "comparison", 2),
        ("src/a.py", f"def f(a):\n    return '{'x' * 150}'\n", "long_line", 2),
        ("src/a.ts", "export function get_name(a: A) {\n  return a;\n}\n", "naming", 1),
        ("src/a.ts", "export function f(a: A) {\n  var b = a;\n  return b;\n}\n", "var_declaration", 2),
        ("src/a.ts", "export function f(a: A) {\n  return a == 1;\n}\n", "loose_comparison", 2),
        ("src/a.ts", "export function f(a: any) {\n  return a;\n}\n", "any_type", 1),
        ("src/a.ts", "export function f(a: A) {\n  console.log(a);\n}\n", "console_output", 2),
    ],
)
def test_bad_style_is_told_and_blocks_nothing(path: str, content: str, type_: str, line: int) -> None:
    found = answer(REVIEWER, pull_request(change(path, content)))
    assert [(one.type, one.line, one.severity) for one in found.findings] == [(type_, line, "low")]
    assert found.measures["style"] == 0.0
    assert found.failure_reasons == []


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("src/a.js", "const total = (column) => rows.reduce(sum, column);\nconst failed = total(2);\nshow(failed);\n"),
        ("src/a.js", 'const search = () => {\n  run();\n};\ninput.addEventListener("input", search);\n'),
        ("src/a.js", "let chosen;\nlet onPick;\nonPick = function () {\n  chosen = 1;\n};\nlist.onclick = onPick;\n"),
        ("src/a.py", 'def f(code):\n    return re.sub(r" is None\\b", " == None", code)\n'),
        ("src/a.py", "def f(a):\n    return a is None  # not a == None\n"),
        ("src/a.py", "def f(a, b):\n    return a == b is not None\n"),
    ],
)
def test_style_that_only_looks_bad_is_not_told(path: str, content: str) -> None:
    assert answer(REVIEWER, pull_request(change(path, content))).findings == []


@pytest.mark.parametrize(
    ("comparison", "message"),
    [
        ("a == None", "None is compared with ==; use is"),
        ("None == a", "None is compared with ==; use is"),
        ("f'{a != None}'", "None is compared with !=; use is not"),
    ],
)
def test_a_comparison_with_none_says_what_to_use(comparison: str, message: str) -> None:
    found = answer(REVIEWER, pull_request(change("src/a.py", f"def f(a):\n    return {comparison}\n")))
    assert [(one.type, one.line, one.message) for one in found.findings] == [("comparison", 2, message)]


def test_the_scanner_beside_another_step_tells_and_decides_nothing() -> None:
    flawed = change("src/a.py", "def f(db, a):\n    return db.execute(f\"SELECT a FROM b WHERE c = '{a}'\")\n")
    beside = answer(SCANNER, pull_request(flawed), step=Step.DOR_VALIDATION)
    assert [one.type for one in beside.findings] == ["sql_injection"]
    assert beside.checks == {}
    assert beside.failure_reasons == []


# --- definition of done
@pytest.mark.parametrize(
    ("path", "content", "reason"),
    [
        ("tests/test_a.py", "import pytest\n\n\n@pytest.mark.skip\ndef test_a():\n    assert 1\n", "disabled_test"),
        ("tests/test_a.py", "@unittest.skip('later')\ndef test_a():\n    assert 1\n", "disabled_test"),
        ("src/a.test.ts", "it.skip('a', () => {\n  expect(1).toBe(1);\n});\n", "disabled_test"),
        ("src/a.test.ts", "describe.only('a', () => {\n  it('b', () => expect(1).toBe(1));\n});\n", "disabled_test"),
        ("src/a.test.ts", "xit('a', () => {\n  expect(1).toBe(1);\n});\n", "disabled_test"),
        ("tests/test_a.py", "def test_a():\n    print(run())\n", "test_without_assertion"),
        ("src/a.test.ts", "it('a', () => {\n  run();\n});\n", "test_without_assertion"),
        ("suites/a.robot", "*** Test Cases ***\nA\n    Log    hello\n", "test_without_assertion"),
        (
            "suites/a.robot",
            "*** Test Cases ***\nA\n    [Tags]    robot:skip\n    Should Be True    1\n",
            "disabled_test",
        ),
    ],
)
def test_tests_that_prove_nothing(path: str, content: str, reason: str) -> None:
    found = answer(DOD, pull_request(change(path, content)))
    assert found.failure_reasons == [reason]
    assert not found.checks["all_tests_passing"]
    assert found.findings[0].path == path


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("tests/test_a.py", "@pytest.mark.skipif(WINDOWS, reason='no fork')\ndef test_a():\n    assert 1\n"),
        ("tests/test_a.py", "def test_a():\n    with pytest.raises(ValueError):\n        run()\n"),
        ("tests/conftest.py", "def make():\n    return 1\n"),
        ("src/a.test.ts", "test('a', async () => {\n  await expect(run()).rejects.toThrow();\n});\n"),
        ("suites/a.robot", "*** Test Cases ***\nA\n    Order Is Closed    1\n"),
        ("suites/a.robot", "*** Settings ***\nTest Template    Holds\n*** Test Cases ***\nA\n    Log    1\n"),
    ],
)
def test_tests_that_prove_something(path: str, content: str) -> None:
    assert answer(DOD, pull_request(change(path, content))).failure_reasons == []


def test_coverage_is_the_share_of_lines_in_functions_that_tests_reach() -> None:
    half = change("tests/test_orders.py", "from src.orders import cancel\n\n\ndef test_it():\n    assert cancel(A)\n")
    found = answer(DOD, pull_request(SERVICE, half))
    assert found.measures["coverage"] == pytest.approx(100 * 5 / 8, abs=0.1)
    assert found.failure_reasons == ["coverage_below_threshold"]
    assert not found.checks["coverage_threshold_met"]
    assert "total" in found.findings[0].message
    assert answer(DOD, GOOD).measures["coverage"] == 100.0


def test_old_functions_of_a_file_that_hardly_changed_do_not_count() -> None:
    old = "".join(f"def old_{n}(a):\n    return a + {n}\n\n\n" for n in range(20))
    body = f"{old}def fresh(a):\n    return a\n"
    tests = change("tests/test_a.py", "from src.a import fresh\n\n\ndef test_it():\n    assert fresh(1) == 1\n")
    small = change("src/a.py", body, type=ChangeType.MODIFIED, additions=2)
    assert answer(DOD, pull_request(small, tests)).checks["coverage_threshold_met"]
    large = change("src/a.py", body, type=ChangeType.MODIFIED, additions=60)
    assert not answer(DOD, pull_request(large, tests)).checks["coverage_threshold_met"]


def test_a_small_change_may_be_reached_through_files_that_did_not_change() -> None:
    old = "".join(f"def old_{n}(a):\n    return a + {n}\n\n\n" for n in range(20))
    small = change("src/shop/inner.py", old, type=ChangeType.MODIFIED, additions=2)
    facade = change("tests/test_a.py", "from src.shop import front\n\n\ndef test_it():\n    assert front.run()\n")
    other = change("tests/test_a.py", "from src.bank import front\n\n\ndef test_it():\n    assert front.run()\n")
    assert answer(DOR, pull_request(small, facade)).checks["tests_covered"]
    assert answer(DOD, pull_request(small, facade)).checks["coverage_threshold_met"]
    assert not answer(DOR, pull_request(small, other)).checks["tests_covered"]
    large = change("src/shop/inner.py", old, type=ChangeType.MODIFIED, additions=60)
    assert not answer(DOR, pull_request(large, facade)).checks["tests_covered"]


def poorly_covered(*files: FileChange) -> list[tuple[str | None, str]]:
    """Path and message of what is said about the coverage."""
    found = answer(DOD, pull_request(*files))
    assert found.failure_reasons == ["coverage_below_threshold"]
    return [(one.path, one.message) for one in found.findings if one.type == "coverage_below_threshold"]


def test_poor_coverage_names_files_that_are_new_and_poorly_covered_themselves() -> None:
    bare = change("src/bills.py", 'def bill(a):\n    """Bill."""\n    b = a.b\n    return b\n')
    mostly = "".join(f'def new_{n}(a):\n    """Add."""\n    return a + {n}\n\n\n' for n in range(9))
    well = change("src/sums.py", f'{mostly}def left(a):\n    """Go."""\n    return a\n')
    names = ", ".join(f"new_{n}" for n in range(6))
    tests = change("tests/test_sums.py", f"from sums import {names}\n\n\ndef test_it():\n    assert run({names})\n")
    old = "".join(f'def old_{n}(a):\n    """Old."""\n    return a + {n}\n\n\n' for n in range(20))
    touched = change("lib/old.py", old, type=ChangeType.MODIFIED, additions=1)
    more = ", ".join(f"new_{n}" for n in range(9))
    enough = change("tests/test_sums.py", f"from sums import {more}\n\n\ndef test_it():\n    assert run({more})\n")
    assert [path for path, _ in poorly_covered(bare, well, touched, tests)] == ["src/bills.py", "src/sums.py"]
    rest = [change(f"src/bills_{n}.py", bare.content) for n in range(2)]
    said = poorly_covered(*rest, well, touched, enough)
    assert [path for path, _ in said] == ["src/bills_0.py", "src/bills_1.py"]
    assert said[0][1].startswith("no test in this pull request reaches bill; 6")


def test_poor_coverage_of_small_changes_alone_names_the_total_alone() -> None:
    old = "".join(f'def old_{n}(a):\n    """Old."""\n    return a + {n}\n\n\n' for n in range(20))
    touched = [change(f"lib/old_{n}.py", old, type=ChangeType.MODIFIED, additions=2) for n in range(2)]
    message = "66.7 % of the changed lines are covered by tests in this pull request, not 80 %"
    assert poorly_covered(SERVICE, TESTS, *touched) == [(None, message)]


def test_public_functions_are_described_somewhere() -> None:
    found = answer(DOD, pull_request(BARE, TESTS))
    assert found.failure_reasons == ["undocumented_function"]
    assert {one.line for one in found.findings} == {1, 5}
    assert answer(DOD, pull_request(BARE, TESTS, GUIDE)).failure_reasons == []


def test_private_functions_need_no_description() -> None:
    private = change("src/a.py", "def _helper(a):\n    return a\n")
    tests = change("tests/test_a.py", "from src.a import _helper\n\n\ndef test_a():\n    assert _helper(1)\n")
    assert answer(DOD, pull_request(private, tests)).failure_reasons == []
    assert answer(DOR, pull_request(private, tests)).failure_reasons == []


@pytest.mark.parametrize(
    ("path", "content", "reason"),
    [
        ("package.json", '{"name": "a",}', "broken_manifest"),
        ("pyproject.toml", "[project\nname = 1\n", "broken_manifest"),
        ("deploy/a.yaml", "a: [1, 2\nb: 3\n", "broken_manifest"),
        ("deploy/a.yaml", "a: 1\n\tb: 2\n", "broken_manifest"),
        ("app/settings.py", "DEBUG = True\n", "debug_setting"),
        ("app/main.py", "app.run(host='0.0.0.0', debug=True)\n", "debug_setting"),
        ("Dockerfile", "FROM node\nENV NODE_ENV=development\n", "debug_setting"),
        ("app/a.txt", "<<<<<<< HEAD\na\n=======\nb\n>>>>>>> x\n", "merge_conflict"),
    ],
)
def test_what_cannot_be_deployed(path: str, content: str, reason: str) -> None:
    found = answer(DOD, pull_request(change(path, content)))
    assert found.failure_reasons == [reason]
    assert [name for name, passed in found.checks.items() if not passed] == ["deployment_ready"]
    assert found.findings[0].path == path


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("tsconfig.json", '{\n  // why\n  "strict": true,\n}\n'),
        ("chart/templates/a.yaml", "a: {{ .Values.a }}\n"),
        ("template.yaml", "Name: !Sub '${A}-b'\n---\nb: &x 1\nc: *x\n"),
        ("tests/fixtures/broken.json", "{"),
        ("package-lock.json", "{"),
        ("app/settings_test.py", "DEBUG = False\n"),
        ("deploy/empty.yaml", ""),
    ],
)
def test_what_can_be_deployed(path: str, content: str) -> None:
    assert answer(DOD, pull_request(change(path, content))).failure_reasons == []


# --- final review
def test_quality_below_the_threshold_is_not_merged() -> None:
    untidy = "".join(f"def Get_{n}(A):\n    unused{n} = A\n    return A == None\n\n\n" for n in range(5))
    found = answer(COORDINATOR, pull_request(change("src/a.py", untidy)))
    assert found.measures["quality_score"] < 70
    assert found.checks == {"overall_quality_approved": False, "compliance_validated": True, "merge_approved": False}
    assert found.failure_reasons == ["quality_below_threshold"]


def test_a_good_pull_request_scores_high() -> None:
    assert answer(COORDINATOR, GOOD).measures["quality_score"] >= 95


def test_an_overridden_gate_is_as_good_as_a_passed_one() -> None:
    gates = {**ALL_PASSED, Step.DOD_VALIDATION: StepStatus.OVERRIDDEN}
    assert answer(COORDINATOR, GOOD, gates=gates).failure_reasons == []


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"requested_by": "m.okafor"}, "duties_not_separated"),
        ({"gates": {**ALL_PASSED, Step.PROGRESS_REVIEWS: StepStatus.FAILED}}, "gate_not_passed"),
        ({"gates": {}}, "gate_not_passed"),
    ],
)
def test_duties_are_kept_apart_and_gates_passed(fields: dict[str, Any], reason: str) -> None:
    found = answer(COORDINATOR, GOOD, **fields)
    assert found.failure_reasons == [reason]
    assert found.checks == {"overall_quality_approved": True, "compliance_validated": False, "merge_approved": False}
