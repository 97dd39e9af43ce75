"""Who is chosen, and what is said about it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from QMSLibrary.contract.routing import SCORE_WEIGHTS, SECURITY_AGENT, AgentHealth
from QMSLibrary.reference.decision import scoring
from QMSLibrary.reference.decision.scoring import (
    CONFIDENCE_THRESHOLD,
    Candidate,
    choose,
    fields_of,
    score,
    sensitive_words,
)

ROLE = "qms-code-reviewer"


def candidate(agent_id: str = "a", **changes: Any) -> Candidate:
    values: dict[str, Any] = {
        "agent_id": agent_id,
        "capabilities": (ROLE, "python", "typescript"),
        "load": 0,
        "capacity": 10,
        "health": AgentHealth.HEALTHY,
        "seconds_per_task": 0.5,
        "knows_repository": False,
        **changes,
    }
    return Candidate(**values)


def test_the_parts_of_a_score_are_weighed_as_the_contract_says() -> None:
    one = candidate(load=5, knows_repository=True, capabilities=(ROLE, "python"))
    parts = score(one, {"python", "typescript"})
    assert (parts.expertise, parts.workload, parts.availability, parts.context) == (0.5, 0.5, 1.0, 1.0)
    assert parts.total == pytest.approx(0.4 * 0.5 + 0.3 * 0.5 + 0.2 + 0.1)
    assert sum(SCORE_WEIGHTS.values()) == pytest.approx(1.0)


def test_who_knows_the_language_is_chosen_and_the_reason_says_so() -> None:
    chosen = choose(ROLE, [candidate("a", capabilities=(ROLE,)), candidate("b")], {"python"}, 100)
    assert chosen is not None
    assert chosen.agent_id == "b"
    assert "knows python" in chosen.reason
    assert "0 of 10 places" in chosen.reason


def test_the_least_loaded_among_equals_is_chosen() -> None:
    chosen = choose(ROLE, [candidate("a", load=4), candidate("b", load=3), candidate("c", load=5)], {"python"}, 1)
    assert chosen is not None
    assert chosen.agent_id == "b"


def test_equal_agents_are_loaded_evenly() -> None:
    loads = dict.fromkeys("abcde", 0)
    for _ in range(100):
        chosen = choose(ROLE, [candidate(name, load=load, capacity=40) for name, load in loads.items()], {"python"}, 1)
        assert chosen is not None
        loads[chosen.agent_id] += 1
    assert max(loads.values()) - min(loads.values()) <= 1


def test_nobody_free_is_nobody() -> None:
    assert choose(ROLE, [candidate(load=10)], {"python"}, 1) is None
    assert choose(ROLE, [candidate(health=AgentHealth.UNHEALTHY)], {"python"}, 1) is None
    assert choose(ROLE, [], {"python"}, 1) is None


def test_low_confidence_falls_back_to_the_rules_and_says_so() -> None:
    poor = candidate("a", capabilities=(ROLE,), load=9)
    poorer = candidate("b", capabilities=(ROLE,), load=19, capacity=20)
    chosen = choose(ROLE, [poor, poorer], {"go"}, 1)
    assert chosen is not None
    assert chosen.confidence_score < CONFIDENCE_THRESHOLD
    assert chosen.agent_id == "a"
    assert chosen.reason.startswith("Fallback to the rules")


@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(1, 10), st.booleans(), st.booleans(), st.booleans()), max_size=8)
)
def test_never_over_capacity_never_unhealthy_and_never_worse_than_possible(
    rows: list[tuple[int, int, bool, bool, bool]],
) -> None:
    known = [
        candidate(
            f"agent-{number}",
            load=load,
            capacity=capacity,
            health=AgentHealth.HEALTHY if healthy else AgentHealth.UNHEALTHY,
            knows_repository=knows,
            capabilities=(ROLE, "python") if able else (ROLE,),
        )
        for number, (load, capacity, healthy, knows, able) in enumerate(rows)
    ]
    free = [one for one in known if one.health is AgentHealth.HEALTHY and one.load < one.capacity]
    chosen = choose(ROLE, known, {"python"}, 10)
    if not free:
        assert chosen is None
        return
    assert chosen is not None
    best = max(score(one, {"python"}).total for one in free)
    assert chosen.agent_id in {one.agent_id for one in free}
    assert 0 <= chosen.confidence_score <= 1
    assert chosen.confidence_score == pytest.approx(best, abs=1e-4) or best < CONFIDENCE_THRESHOLD


def test_fields_follow_from_the_paths() -> None:
    assert fields_of(["src/a.py", "b.ts", "c.tsx", "docs/d.md", "logo.png"]) == {
        "python",
        "typescript",
        "documentation",
    }


@pytest.mark.parametrize(
    ("path", "title", "expected"),
    [
        ("src/auth/login.ts", "feat: a", ["auth", "login"]),
        ("src/orders.ts", "fix(session): end it", ["session"]),
        ("src/passwordReset.py", "feat: a", ["password"]),
        ("db/001_init.sql", "feat: a", ["sql"]),
        ("src/OAuth2Client.ts", "feat: a", ["auth"]),
        ("src/oauth/client.ts", "feat: a", ["oauth"]),
        ("src/authors.ts", "feat: list authors and tokenise them", []),
        ("src/payments.ts", "feat: partial payments", []),
    ],
)
def test_sensitive_changes_are_known_by_whole_words(path: str, title: str, expected: list[str]) -> None:
    assert sensitive_words([path], title) == expected


def test_the_scanner_s_reason_names_what_is_sensitive() -> None:
    scanner = candidate("s", capabilities=(SECURITY_AGENT, "python"))
    sensitive = choose(SECURITY_AGENT, [scanner], {"python"}, 1, ["auth", "login"])
    usual = choose(SECURITY_AGENT, [scanner], {"python"}, 1)
    assert sensitive is not None
    assert usual is not None
    assert "about auth, login" in sensitive.reason
    assert "Every change is scanned" in usual.reason
    assert scoring.EXPERTISE
