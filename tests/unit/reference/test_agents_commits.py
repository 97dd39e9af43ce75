"""Real commits: the agents judge what git holds."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from agents_made import DOR, REVIEWER, answer, change, pull_request, reasons

from QMSLibrary.contract.pull_requests import PullRequest
from QMSLibrary.data.forms.git import pull_request_from_git
from QMSLibrary.reference.agents.roster import ROSTER

MESSAGE = "feat(orders): cancel orders\n\nCustomers ask for it, and so far somebody has to do it by hand."
CODE = 'def cancel(order):\n    """Cancel an order."""\n    return order.closed()\n'
TEST = "from shop.orders import cancel\n\n\ndef test_cancel():\n    assert cancel(ORDER)\n"
CHECKS_OF = {role: set(answer(role, pull_request(change("a.md", "# A"))).checks) for role in ROSTER}


class Repository:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git("init", "-q", "-b", "main")
        self.git("config", "user.name", "m.okafor")
        self.git("config", "user.email", "m.okafor@shop.example")
        self.commit({"README.md": "# Shop\n", "old.py": CODE, "logo.png": b"\x89PNG\r\n\x1a\n\x00"}, "chore: begin")

    def git(self, *arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], cwd=self.folder, check=True, capture_output=True, text=True, timeout=30
        ).stdout

    def commit(self, files: dict[str, str | bytes | None], message: str = MESSAGE) -> PullRequest:
        for path, content in files.items():
            place = self.folder / path
            if content is None:
                place.unlink()
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content if isinstance(content, bytes) else content.encode())
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)
        if self.git("rev-list", "--count", "HEAD").strip() == "1":
            return None  # type: ignore[return-value]  # the first commit has nothing before it
        return pull_request_from_git(self.folder, "HEAD~1..HEAD", head_branch="feature/x", repository="shop/shop")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def test_code_with_its_tests_passes(repository: Repository) -> None:
    request = repository.commit({"shop/orders.py": CODE, "tests/test_orders.py": TEST, "setup.sh": "echo\n"})
    assert reasons(request) == []


def test_code_without_tests_fails(repository: Repository) -> None:
    assert "missing_tests" in reasons(repository.commit({"shop/orders.py": CODE}))


def test_a_small_change_to_an_old_file_with_its_test_passes(repository: Repository) -> None:
    old = "".join(f'def old_{n}(a):\n    """Add {n}."""\n    return a + {n}\n\n\n' for n in range(30))
    repository.commit({"shop/orders.py": old})
    assert reasons(repository.commit({"shop/orders.py": old + CODE, "tests/test_orders.py": TEST})) == []


def test_a_chore_without_code_passes(repository: Repository) -> None:
    files = {
        ".github/workflows/ci.yaml": "on: push\njobs:\n  a:\n    runs-on: x\n    steps: [{run: make}]\n",
        "pyproject.toml": "[project]\nname = 'shop'\n",
        "Makefile": "all:\n\techo\n",
    }
    assert reasons(repository.commit(files)) == []


def test_documents_only_and_tests_only_pass(repository: Repository) -> None:
    assert reasons(repository.commit({"docs/guide.md": "# Guide\n", "README.md": "# The shop\n"})) == []
    assert reasons(repository.commit({"tests/test_old.py": TEST})) == []


def test_deleted_renamed_and_binary_files_pass(repository: Repository) -> None:
    assert reasons(repository.commit({"old.py": None, "logo.png": b"\x89PNG\x00\x01", "new.bin": b"\x00\xff"})) == []
    repository.commit({"shop/here.py": CODE})
    repository.git("mv", "shop/here.py", "shop/there.py")
    assert reasons(repository.commit({})) == []


def test_latin_1_source_is_told_to_be_unreadable_and_breaks_nothing(repository: Repository) -> None:
    request = repository.commit({"shop/a.py": "name = 'caf\xe9'\n".encode("latin-1")})
    assert answer(REVIEWER, request).failure_reasons in ([], ["unreadable_file"])


def test_this_repository_s_own_last_commits() -> None:
    here = Path(__file__).parents[3]
    if not (here / ".git").exists():
        pytest.skip("this is not a git checkout")
    count = int(subprocess.check_output(["git", "rev-list", "--count", "HEAD"], cwd=here, text=True, timeout=30))
    for back in range(min(3, count - 1)):
        request = pull_request_from_git(here, f"HEAD~{back + 1}..HEAD~{back}", head_branch="feature/own")
        broken = [one for one in answer(REVIEWER, request).findings if one.type == "syntax_error"]
        assert not [one for one in broken if (one.path or "").startswith("QMSLibrary/")]
        assert {role: set(answer(role, request).checks) for role in ROSTER} == CHECKS_OF
        code = [
            file for file in request.files if file.path.endswith((".py", ".js")) and file.path.startswith("QMSLibrary/")
        ]
        tests = [file for file in request.files if file.path.startswith("tests/")]
        if not code:
            assert answer(DOR, request).checks["tests_covered"]
        elif not tests:
            assert not answer(DOR, request).checks["tests_covered"] or all(
                "def " not in (f.content or "") and "function" not in (f.content or "") for f in code
            )
