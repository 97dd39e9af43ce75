"""Who fits best, and why: pure functions. The weights are the contract's SCORE_WEIGHTS."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Final

from QMSLibrary.contract.routing import SCORE_WEIGHTS, SECURITY_AGENT, AgentHealth, Assignment

CONFIDENCE_THRESHOLD: Final = 0.5
"""Below this the rules decide instead of the score: the least loaded agent that can do it."""
_EXPERTISE_OF_SUFFIX: Final = {
    ".py": "python", ".pyi": "python", ".ts": "typescript", ".tsx": "typescript", ".js": "javascript",
    ".jsx": "javascript", ".mjs": "javascript", ".cjs": "javascript", ".sql": "sql", ".md": "documentation",
    ".rst": "documentation", ".yaml": "configuration", ".yml": "configuration", ".json": "configuration",
    ".toml": "configuration",
}  # fmt: skip
_SENSITIVE_WORDS: Final = {
    "acl", "auth", "authentication", "authorization", "authn", "authz", "certificate", "certificates", "cipher",
    "cors", "credential", "credentials", "crypto", "cryptography", "csrf", "csp", "decrypt", "encrypt", "encryption",
    "iam", "jwt", "key", "keys", "keystore", "login", "logout", "mfa", "oauth", "oauth2", "oidc", "otp", "passkey",
    "passphrase", "password", "passwords", "permission", "permissions", "rbac", "saml", "sandbox", "secret",
    "secrets", "security", "session", "sessions", "signature", "signing", "sql", "sso", "ssl", "tls", "token",
    "tokens", "totp", "vault",
}  # fmt: skip
_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
EXPERTISE: Final = tuple(dict.fromkeys(_EXPERTISE_OF_SUFFIX.values()))


@dataclass(frozen=True, slots=True)
class Candidate:
    """An agent as the decision sees it."""

    agent_id: str
    capabilities: tuple[str, ...]
    load: int
    capacity: int
    health: AgentHealth
    seconds_per_task: float
    knows_repository: bool
    """It has worked for the repository, or belongs to it."""
    repositories: tuple[str, ...] = ()
    """The only ones it works for; empty when it belongs to none."""
    last_given: int = 0
    """Rises with each decision that gave it something."""

    @property
    def free(self) -> bool:
        """Whether it can take one more task."""
        return self.health is AgentHealth.HEALTHY and self.load < self.capacity


def pool(role: str, repository: str, known: Sequence[Candidate]) -> list[Candidate]:
    """Who may fill ``role`` for ``repository``, healthy or not: its own agents where it has some, else those of nobody.

    So what happens in one pool is never any other pool's business (docs/decisions/0013).
    """
    able = [one for one in known if role in one.capabilities]
    own = [one for one in able if repository in one.repositories]
    return own or [one for one in able if not one.repositories]


@dataclass(frozen=True, slots=True)
class Score:
    """The parts of a score, each 0–1."""

    expertise: float
    workload: float
    availability: float
    context: float

    @property
    def total(self) -> float:
        """The weighted sum, 0–1."""
        return (
            SCORE_WEIGHTS["expertise"] * self.expertise
            + SCORE_WEIGHTS["workload"] * self.workload
            + SCORE_WEIGHTS["availability"] * self.availability
            + SCORE_WEIGHTS["context"] * self.context
        )


def fields_of(paths: Collection[str]) -> frozenset[str]:
    """The fields of expertise that a change to ``paths`` asks for."""
    suffixes = (PurePosixPath(path).suffix.lower() for path in paths)
    return frozenset(_EXPERTISE_OF_SUFFIX[suffix] for suffix in suffixes if suffix in _EXPERTISE_OF_SUFFIX)


def sensitive_words(paths: Collection[str], title: str) -> list[str]:
    """The words in paths and title that say that the change touches what protects something, in alphabetical order.

    Whole words count: ``author`` has nothing to do with ``auth``.
    """
    found = {word.lower() for text in (*paths, title) for word in _WORD.findall(text)}
    return sorted(found & _SENSITIVE_WORDS)


def score(candidate: Candidate, fields: Collection[str]) -> Score:
    """How well ``candidate`` fits a change that asks for ``fields``."""
    known = sum(1 for field in fields if field in candidate.capabilities)
    return Score(
        expertise=known / len(fields) if fields else 1.0,
        workload=1 - min(1.0, candidate.load / candidate.capacity),
        availability=1.0 if candidate.health is AgentHealth.HEALTHY else 0.0,
        context=1.0 if candidate.knows_repository else 0.0,
    )


def choose(
    role: str, candidates: Sequence[Candidate], fields: Collection[str], lines: int, words: Sequence[str] = ()
) -> Assignment | None:
    """The best free candidate for ``role``, the least loaded among equals, and of these the one that was given nothing
    for the longest time. None when nobody is free.
    """
    free = [candidate for candidate in candidates if candidate.free]
    if not free:
        return None
    scores = {candidate.agent_id: score(candidate, fields) for candidate in free}
    best = min(free, key=lambda one: (-round(scores[one.agent_id].total, 6), one.load, one.last_given, one.agent_id))
    parts = scores[best.agent_id]
    confidence = round(parts.total, 4)
    if confidence < CONFIDENCE_THRESHOLD:
        best = min(free, key=lambda one: (one.load / one.capacity, one.last_given, one.agent_id))
        confidence = round(scores[best.agent_id].total, 4)
        why = (
            f"Fallback to the rules: the best score is {parts.total:.2f}, under {CONFIDENCE_THRESHOLD}. "
            f"{best.agent_id} is the least loaded of {len(free)} that can act as {role} "
            f"({best.load} of {best.capacity} places taken)."
        )
    else:
        knowledge = f"knows {', '.join(sorted(set(fields) & set(best.capabilities))) or 'none of the languages'}"
        context = "has worked on this repository" if best.knows_repository else "is new to this repository"
        context = "is there for this repository" if best.repositories else context
        why = (
            f"{best.agent_id} scores {parts.total:.2f}, the best of {len(free)} that can act as {role}: it {knowledge}"
            f", has {best.load} of {best.capacity} places taken and {context}."
        )
    if role == SECURITY_AGENT:
        why += (
            f" The change is about {', '.join(words[:3])}, so it is scanned for weaknesses at every step."
            if words
            else " Every change is scanned for weaknesses."
        )
    return Assignment(
        agent_id=best.agent_id,
        role=role,
        # A rule of thumb: what its tasks took lately, and a second more for each thousand lines.
        estimated_duration=timedelta(seconds=round(best.seconds_per_task + lines / 1000, 3)),
        confidence_score=confidence,
        reason=why,
    )
