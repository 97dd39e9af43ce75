"""Errors as RFC 9457 problem documents."""

from __future__ import annotations

from typing import Final

from .model import Model

PROBLEM_JSON: Final = "application/problem+json"
CORRELATION_HEADER: Final = "X-Correlation-ID"


class FieldError(Model):
    """A field that was refused."""

    field: str
    """Dotted path in the body, or the name of the parameter."""
    message: str


class Problem(Model):
    """Why a request was refused."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    """In words: what was wrong, what was expected, what to do."""
    code: str
    """A stable identifier: ``illegal_transition``, ``not_found``, ``forbidden``, …"""
    instance: str | None = None
    correlation_id: str
    errors: list[FieldError] = []
