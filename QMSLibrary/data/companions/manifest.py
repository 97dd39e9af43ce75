"""The packages that a project depends on."""

from __future__ import annotations

import json
from random import Random
from typing import Final

from QMSLibrary.data.plan import Companion, Plan
from QMSLibrary.data.spelling import Domain, Noun

NODE_PACKAGES: Final = {
    "date-fns": "4.1", "express": "4.21", "helmet": "8.0", "nanoid": "5.0", "pg": "8.13", "pino": "9.5",
    "undici": "7.1", "zod": "3.24",
}  # fmt: skip
NODE_TOOLS: Final = {
    "@eslint/js": "9.17", "@types/express": "4.17", "@types/node": "20.17", "eslint": "9.17", "prettier": "3.4",
    "tsx": "4.19", "typescript": "5.7", "typescript-eslint": "8.18", "vitest": "3.0",
}  # fmt: skip
PYTHON_PACKAGES: Final = {
    "httpx": "0.28", "psycopg": "3.2", "pydantic": "2.10", "pyyaml": "6.0", "sqlalchemy": "2.0", "starlette": "0.45",
    "structlog": "25.1", "tenacity": "9.0", "uvicorn": "0.34",
}  # fmt: skip
"""Packages with the first two parts of their versions."""


def path(plan: Plan, domain: Domain, noun: Noun) -> str:
    """Where it is."""
    return "requirements.txt" if plan.language == "python" else "package.json"


def text(plan: Plan, companion: Companion, rng: Random, wanted: int) -> str:
    """Every package with a version."""
    if companion.path == "requirements.txt":
        return "".join(f"{name}=={version}.{rng.randint(0, 9)}\n" for name, version in PYTHON_PACKAGES.items())
    packages, tools = (
        {name: f"^{version}.{rng.randint(0, 9)}" for name, version in known.items()}
        for known in (NODE_PACKAGES, NODE_TOOLS)
    )
    return package_json(plan, f"{rng.randint(1, 9)}.{rng.randint(0, 30)}.{rng.randint(0, 12)}", packages, tools)


def package_json(plan: Plan, version: str, packages: dict[str, str], tools: dict[str, str]) -> str:
    """A package.json of the project."""
    scripts = {"build": "tsc -p .", "lint": "eslint src", "test": "vitest run"}
    if plan.language == "javascript":
        del scripts["build"]
    content = {
        "name": plan.wishes.repository.partition("/")[2].lower(),
        "version": version,
        "private": True,
        "type": "module",
        "scripts": scripts,
        "dependencies": packages,
        "devDependencies": tools,
    }
    return json.dumps(content, indent=2) + "\n"


def updated_package(plan: Plan, rng: Random) -> str:
    """The package that a change of dependencies is named after."""
    return rng.choice(list(PYTHON_PACKAGES if plan.language == "python" else NODE_PACKAGES))
