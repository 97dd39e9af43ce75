"""From a pull request as orchestration sends it to an agent's answer."""

from __future__ import annotations

import threading
from collections import OrderedDict
from hashlib import blake2b
from typing import Final

from QMSLibrary.contract.pull_requests import PullRequest
from QMSLibrary.contract.steps import AgentResult
from QMSLibrary.reference.agents import parsing
from QMSLibrary.reference.agents.base import ReviewContext
from QMSLibrary.reference.agents.reading import Reading
from QMSLibrary.reference.agents.roster import ROSTER

_REMEMBERED_BYTES: Final = 4_000_000
"""Text whose readings are kept: about as many pull requests of usual size as may be reviewed at once."""


class Readings:
    """Pull requests that were read already, by their content: the agents of all four steps read the same files."""

    def __init__(self, remembered: int = _REMEMBERED_BYTES) -> None:
        self._remembered = remembered
        self._bytes = 0
        self._readings: OrderedDict[bytes, tuple[Reading, int]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, pull_request: bytes) -> Reading:
        """The reading of a pull request as it came over the wire. Raises ValidationError when it is none."""
        key = blake2b(pull_request, digest_size=16).digest()
        with self._lock:
            kept = self._readings.get(key)
            if kept is not None:
                self._readings.move_to_end(key)
                return kept[0]
        reading = Reading(PullRequest.model_validate_json(pull_request))
        reading.complete()
        with self._lock:
            self._readings[key] = reading, len(pull_request)
            self._bytes += len(pull_request)
            while self._bytes > self._remembered and len(self._readings) > 1:
                _, (_, size) = self._readings.popitem(last=False)
                self._bytes -= size
        return reading


_READINGS: Final = Readings()


def warm_up() -> None:
    """Do once what every review needs, so that the first one does not wait for it."""
    parsing.warm_up()


def answer_for(role: str, agent_id: str, pull_request: bytes, context: ReviewContext) -> AgentResult:
    """What the agent ``agent_id``, acting as ``role``, says of a pull request as it came over the wire."""
    return ROSTER[role].answer(_READINGS.of(pull_request), context, agent_id)
