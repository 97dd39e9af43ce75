"""Orchestration: workflows, steps, gates, the audit trail, users."""

from .service import build

__all__ = ["build"]
