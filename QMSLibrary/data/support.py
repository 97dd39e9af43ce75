"""What a repository holds beside the files of a pull request: what the changed code imports, and settings.

Together with the files of the pull request it compiles, and its tests run.
"""

from __future__ import annotations

import json
from typing import Final

from QMSLibrary.contract.pull_requests import PullRequest

from .companions.manifest import NODE_PACKAGES, NODE_TOOLS, PYTHON_PACKAGES, package_json
from .companions.migration import migration
from .companions.migration import path_at_head as migration_path
from .documents import readme
from .errors import WishError
from .functions import give_called
from .languages import language
from .operations import SHARED
from .plan import Module, Plan, nouns_of
from .pull_requests import plan_of

_PYPROJECT: Final = """\
[project]
name = "{name}"
version = "1.0.0"
requires-python = ">=3.11"
dependencies = [
{dependencies}]

[tool.pytest.ini_options]
pythonpath = ["."]
testpaths = ["tests"]

[tool.ruff]
line-length = 120
"""
_TSCONFIG: Final = {
    "compilerOptions": {
        "target": "ES2022",
        "module": "ESNext",
        "moduleResolution": "Bundler",
        "strict": True,
        "noEmit": True,
        "skipLibCheck": True,
        "types": ["node"],
    },
    "include": ["src"],
}

_ESLINT: Final = {
    "typescript": """\
import js from '@eslint/js';
import tseslint from 'typescript-eslint';

export default tseslint.config(js.configs.recommended, ...tseslint.configs.recommended, {
  rules: { eqeqeq: 'error', 'no-var': 'error', 'prefer-const': 'error' },
});
""",
    "javascript": """\
import js from '@eslint/js';

export default [
  js.configs.recommended,
  {
    languageOptions: { globals: { fetch: 'readonly', process: 'readonly', URL: 'readonly' } },
    rules: { eqeqeq: 'error', 'no-var': 'error', 'prefer-const': 'error' },
  },
];
""",
}


def support_of(pull_request: PullRequest) -> dict[str, str]:
    """The files that ``pull_request`` leaves alone and its code needs, path to text.

    Only for a pull request that this process made; nobody else knows what its repository holds.
    """
    plan = plan_of(pull_request)
    if plan is None:
        raise WishError(
            f"Pull request {pull_request.id} was not created by this run, "
            "so it is not known what else is in its repository."
        )
    changed = {file.path for file in pull_request.files}
    return {path: text for path, text in support_files(plan).items() if path not in changed}


def head_of(pull_request: PullRequest) -> dict[str, str]:
    """The whole repository at the head of ``pull_request``, path to text."""
    return {**support_of(pull_request), **{file.path: file.content or "" for file in pull_request.files}}


def support_files(plan: Plan) -> dict[str, str]:
    """The files around those of ``plan``; some may have the path of a changed one, which then counts."""
    tongue = language(plan.language)
    name = plan.wishes.repository.partition("/")[2].lower()
    texts = {"README.md": readme(plan, name), **_settings(plan, name), **tongue.shared()}
    stores = _stores(plan)
    modules = [module for module in (*plan.modules, *stores) if module.layer != SHARED]
    for domain in dict.fromkeys((*plan.domains, *(module.domain for module in modules))):
        nouns = nouns_of(domain, modules)
        texts[migration_path(plan, domain)] = migration(domain, nouns)
        texts[tongue.types_path(domain)] = tongue.types(domain, nouns)
    for store in stores:
        texts[tongue.source_path(store)] = tongue.source(store)
    return {**texts, **tongue.packages([*texts, *map(tongue.source_path, plan.modules)])}


def _stores(plan: Plan) -> list[Module]:
    """The repositories that changed modules call and that are not changed themselves."""
    changed = {(module.domain, module.noun) for module in plan.modules if module.layer == "repository"}
    found: dict[object, Module] = {}
    for module in plan.modules:
        key = (module.domain, module.noun)
        for piece in module.pieces:
            if piece.operation.calls and key not in changed:
                store = found.setdefault(key, Module(module.domain, module.noun, "repository"))
                give_called(store, piece, plan.language)
    return list(found.values())


def _settings(plan: Plan, name: str) -> dict[str, str]:
    if plan.language == "python":
        dependencies = "".join(f'    "{package}>={version}",\n' for package, version in PYTHON_PACKAGES.items())
        return {
            "pyproject.toml": _PYPROJECT.format(name=name, dependencies=dependencies),
            ".flake8": "[flake8]\n# The formatter breaks lines.\nextend-ignore = E501\n",
            ".gitignore": ".venv/\n__pycache__/\n",
        }
    packages, tools = (
        {package: f"^{version}.0" for package, version in known.items()} for known in (NODE_PACKAGES, NODE_TOOLS)
    )
    texts = {
        "eslint.config.js": _ESLINT[plan.language],
        "package.json": package_json(plan, "1.0.0", packages, tools),
        ".gitignore": "node_modules/\ndist/\n",
    }
    if plan.language == "typescript":
        texts["tsconfig.json"] = json.dumps(_TSCONFIG, indent=2) + "\n"
    return texts
