"""What leaves the house in a message."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from QMSLibrary.reference.escalation.redaction import passes_luhn, redact


def with_check_digit(digits: str) -> str:
    return next(digits + str(check) for check in range(10) if passes_luhn(digits + str(check)))


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("mail jane.doe+qms@mail.example.co.uk now", "jane"),
        ("paid with 4111 1111 1111 1111 today", "4111"),
        ("paid with 5500-0000-0000-0004.", "5500"),
        ("amex 378282246310005", "378282246310005"),
        ("header eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl end", "eyJ"),
        ("Authorization: Bearer abcdef0123456789", "abcdef0123456789"),
        ("key AKIAIOSFODNN7EXAMPLE", "AKIA"),
        ("token ghp_" + "a1" * 18, "ghp_"),
        ("xoxb" + "-123456789012-abcdefghij", "xoxb"),
        ("api_key = 's3cr3t-value'", "s3cr3t"),
        ("DB_PASSWORD: hunter22", "hunter22"),
        ("postgresql://qms:hunter22@db.example/qms", "hunter22"),
        ("-----BEGIN PRIVATE " + "KEY-----\nMIIabc\n-----END PRIVATE KEY-----", "MIIabc"),
    ],
)
def test_is_redacted(text: str, secret: str) -> None:
    assert secret not in redact(text)
    assert "[" in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "DoR validation failed: missing_tests, missing_documentation",
        "high_severity_security: the scan found sql_injection (high) in src/db.ts line 12",
        "order 4111 1111 1111 1112 has a wrong check digit",
        "2026-01-02 03:04:05 UTC",
        "workflow 3f2b8c1e-9a4d-4f6b-8f0e-1c2d3e4f5a6b",
        "leaked_secret: a secret is in the code, change it now: hardcoded_secret (critical) in src/key.ts line 1",
        "token_expiry and secret_rotation are mentioned",
        "decorators like @property stay",
    ],
)
def test_is_left_alone(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    ("number", "valid"), [("79927398713", True), ("79927398710", False), ("0", True), ("18", True)]
)
def test_the_check_digit(number: str, valid: bool) -> None:
    assert passes_luhn(number) is valid


@given(st.text("0123456789", min_size=12, max_size=18), st.sampled_from(["", " ", "-"]), st.randoms())
def test_every_card_number_is_found_however_it_is_grouped(digits: str, mark: str, random: random.Random) -> None:
    number = with_check_digit(digits)
    grouped = "".join(digit + (mark if random.random() < 0.3 else "") for digit in number[:-1]) + number[-1]
    assert redact(f"card {grouped} end") == "card [card number] end"


@given(st.text())
def test_redacting_twice_is_redacting_once(text: str) -> None:
    assert redact(redact(text)) == redact(text)
