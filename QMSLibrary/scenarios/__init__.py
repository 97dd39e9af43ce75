"""Scenarios: recipes in YAML of pull requests, of what is done with them, and of what must then be true.

A kind of step is a class in `acts`, `expectations` or `structure`, a fault one in `faults`; the line that registers it
makes it known to the loader, to the runner and to the schema for editors.
"""

from __future__ import annotations

from .errors import ScenarioError, ScenarioFailed
from .finding import files, find

__all__ = ["ScenarioError", "ScenarioFailed", "files", "find"]
