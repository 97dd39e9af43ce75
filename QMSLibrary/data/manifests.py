"""Files of a change that touches no code: dependency manifests and configuration."""

from __future__ import annotations

import json
from random import Random
from typing import Final

from .plan import Plan
from .spelling import domains, kebab, vocabulary

_NODE: Final = ("express", "pg", "zod", "pino", "helmet", "undici", "date-fns", "nanoid")
_NODE_TOOLS: Final = ("typescript", "vitest", "eslint", "prettier", "tsx")
_PYTHON: Final = ("sqlalchemy", "pydantic", "starlette", "uvicorn", "psycopg", "structlog", "httpx", "tenacity")


def manifest_paths(plan: Plan) -> list[str]:
    """The manifest first, then one configuration file after the other."""
    first = "requirements.txt" if plan.wishes.language == "python" else "package.json"
    topics = [
        f"{kebab(domain.noun.many)}-{word}"
        for domain in (plan.domain, *domains())
        for word in (*vocabulary()["parts"], *vocabulary()["variants"], "defaults")
    ]
    return [first, *(f"config/{place}{topic}.yaml" for place in ("", "staging/") for topic in dict.fromkeys(topics))][
        : plan.manifests
    ]


def updated_package(plan: Plan, rng: Random) -> str:
    """The package that the change is named after."""
    return rng.choice(_PYTHON if plan.wishes.language == "python" else _NODE)


def manifest(plan: Plan, path: str, rng: Random, wanted: int) -> str:
    """The text of one of them; configuration has about ``wanted`` lines."""
    if path == "requirements.txt":
        return "".join(f"{name}=={_version(rng)}\n" for name in sorted(_PYTHON))
    if path == "package.json":
        content = {
            "name": plan.wishes.repository.partition("/")[2].lower(),
            "version": _version(rng),
            "private": True,
            "type": "module",
            "scripts": {"build": "tsc -p .", "lint": "eslint src", "test": "vitest run"},
            "dependencies": {name: f"^{_version(rng)}" for name in sorted(_NODE)},
            "devDependencies": {name: f"^{_version(rng)}" for name in sorted(_NODE_TOOLS)},
        }
        return json.dumps(content, indent=2) + "\n"
    return _configuration(path, rng, wanted)


def _configuration(path: str, rng: Random, wanted: int) -> str:
    title = path.removeprefix("config/").removesuffix(".yaml").replace("-", " ").replace("/", ": ")
    lines = [f"# Settings for {title}", "version: 1", "regions:"]
    for number in range(1, 200):
        lines += [
            f"  region-{number:02}:",
            f"    retention_days: {rng.choice((30, 90, 365))}",
            f"    page_size: {rng.choice((25, 50, 100))}",
            f"    timeout_seconds: {rng.randint(2, 30)}",
        ]
        if len(lines) >= wanted:
            break
    return "\n".join(lines) + "\n"


def _version(rng: Random) -> str:
    return f"{rng.randint(1, 9)}.{rng.randint(0, 30)}.{rng.randint(0, 12)}"
