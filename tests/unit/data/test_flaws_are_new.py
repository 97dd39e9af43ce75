"""A flaw that is asked for comes with the change: it was not there before."""

import re

import pytest

from QMSLibrary.contract.pull_requests import ChangeType
from QMSLibrary.data import create_pull_request
from QMSLibrary.data.flaws import catalogue
from QMSLibrary.data.forms.before import base_tree
from QMSLibrary.data.pull_requests import plan_of


@pytest.mark.parametrize("language", ["python", "typescript", "javascript"])
def test_a_function_with_a_flaw_was_not_there_before(language):
    modified = 0
    for flaw in catalogue().values():
        for seed in range(4):
            wish = {f"{flaw.kind}_issues": flaw.type}
            pull_request = create_pull_request(language=language, seed=seed, **wish)
            plan = plan_of(pull_request)
            assert plan is not None
            names = "|".join(piece.name for piece in plan.pieces if piece.flaw)
            before = base_tree(pull_request)
            for file in pull_request.files:
                head = re.compile(rf"^.*\b(def|function) ({names})\b", re.MULTILINE)
                if file.type is ChangeType.MODIFIED and head.search(file.content or ""):
                    modified += 1
                    assert not head.search(before[file.path]), f"{flaw.type}, seed {seed}: {file.path}"
    assert modified > 10, "nearly all of them are in files that are new as a whole, which shows nothing"
