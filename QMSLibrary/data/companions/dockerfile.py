"""The image that a service runs in: built in one stage, run in another, not as root."""

from __future__ import annotations

from random import Random
from typing import Final

from QMSLibrary.data.plan import Companion, Plan
from QMSLibrary.data.spelling import Domain, Noun, kebab

_NODE: Final = """\
# syntax=docker/dockerfile:1
FROM node:{version}-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
{compile}RUN npm prune --omit=dev

FROM node:{version}-slim
ENV NODE_ENV=production
WORKDIR /srv/{name}
COPY --from=build /build/node_modules ./node_modules
COPY --from=build /build/{output} ./{output}
USER node
EXPOSE 8080
HEALTHCHECK --interval={interval}s --timeout=3s CMD ["node", "{output}/health.js"]
CMD ["node", "{output}/{name}/main.js"]
"""
_PYTHON: Final = """\
# syntax=docker/dockerfile:1
FROM python:{version}-slim AS build
WORKDIR /build
COPY pyproject.toml ./
COPY app ./app
RUN python -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir .

FROM python:{version}-slim
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1
RUN useradd --system --uid 10001 {name}
WORKDIR /srv/{name}
COPY --from=build /opt/venv /opt/venv
USER 10001
EXPOSE 8080
HEALTHCHECK --interval={interval}s --timeout=3s CMD ["python", "-m", "app.health"]
CMD ["uvicorn", "app.{module}.main:app", "--host", "0.0.0.0", "--port", "8080"]
"""


def path(plan: Plan, domain: Domain, noun: Noun) -> str:
    """Where it is."""
    return f"images/{kebab(noun.many)}/Dockerfile"


def text(plan: Plan, companion: Companion, rng: Random, wanted: int) -> str:
    """An image for the repository's main language."""
    name, typed = kebab(companion.noun.many), plan.language == "typescript"
    python = plan.language == "python"
    return (_PYTHON if python else _NODE).format(
        name=name,
        module=name.replace("-", "_"),
        version=rng.choice(("3.11", "3.12", "3.13")) if python else rng.choice(("20", "22")),
        interval=rng.choice((10, 30, 60)),
        compile="RUN npm run build\n" if typed else "",
        output="dist" if typed else "src",
    )
