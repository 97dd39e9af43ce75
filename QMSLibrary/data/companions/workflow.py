"""What runs for every commit, as GitHub's actions."""

from __future__ import annotations

from random import Random
from typing import Final

from QMSLibrary.data.plan import Companion, Plan
from QMSLibrary.data.spelling import Domain, Noun, kebab

_NODE: Final = """\
      - uses: actions/setup-node@v4
        with:
          node-version: {version}
          cache: npm
      - run: npm ci
      - run: npm run lint
      - run: npm test
"""
_PYTHON: Final = """\
      - uses: actions/setup-python@v5
        with:
          python-version: "{version}"
          cache: pip
      - run: pip install --editable . ruff pytest
      - run: ruff check .
      - run: pytest
"""


def path(plan: Plan, domain: Domain, noun: Noun) -> str:
    """Where it is."""
    return f".github/workflows/{kebab(noun.many)}.yaml"


def text(plan: Plan, companion: Companion, rng: Random, wanted: int) -> str:
    """Lint and test, when something of this part has changed."""
    name, python = kebab(companion.noun.many), plan.language == "python"
    version = rng.choice(("3.11", "3.12", "3.13")) if python else rng.choice(("20", "22"))
    return (
        f"name: {name}\non:\n  pull_request:\n    paths:\n      - {'app' if python else 'src'}/**\n"
        f"      - .github/workflows/{name}.yaml\npermissions:\n  contents: read\njobs:\n  test:\n"
        f"    runs-on: ubuntu-24.04\n    timeout-minutes: {rng.choice((10, 15, 20))}\n    steps:\n"
        "      - uses: actions/checkout@v4\n" + (_PYTHON if python else _NODE).format(version=version)
    )
