"""Asks an environment's receivers what they got, and tells them to fail."""

from __future__ import annotations

from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, TypeVar

from QMSLibrary.contract.escalations import Channel, Stakeholder
from QMSLibrary.contract.model import Model
from QMSLibrary.contract.receivers import Break, Mended, Received, ReceivedPage

from .errors import EnvironmentUseError

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

M = TypeVar("M", bound=Model)
_LONGEST_QUESTION: Final = 10.0
"""Seconds that one question waits for a message; a longer wait asks again."""


class Receivers:
    """The receivers of one environment. What they got is asked of them, not of the QMS that says it sent something."""

    def __init__(self, url: str, stakeholders: Path) -> None:
        import httpx

        self._client: httpx.Client = httpx.Client(base_url=url, trust_env=False, timeout=_LONGEST_QUESTION + 5)
        self._file = stakeholders
        self._stakeholders: list[Stakeholder] | None = None

    def messages(self, about: str) -> list[Received]:
        """Every message that names ``about`` (an escalation's id), the oldest first."""
        return self._ask("GET", "messages", ReceivedPage, params={"about": about}).items

    def wait(self, about: str, enough: Callable[[list[Received]], bool], seconds: float) -> list[Received]:
        """The same, as soon as they are ``enough``; what there is when the time is up."""
        deadline = monotonic() + seconds
        found = self.messages(about)
        while not enough(found) and (left := deadline - monotonic()) > 0:
            after = found[-1].number if found else 0
            query: dict[str, Any] = {"about": about, "after": after, "wait": min(left, _LONGEST_QUESTION)}
            found += self._ask("GET", "messages", ReceivedPage, params=query).items
        return found

    def break_channel(self, wanted: Break) -> None:
        """Have a receiver fail from now on."""
        self._ask("POST", "breaks", Break, content=wanted.model_dump_json())

    def mend(self, channel: Channel | None = None, about: str | None = None) -> int:
        """Mend what was broken of a channel (of all) for a text (for all); how much that was."""
        query = {name: value for name, value in (("channel", channel), ("about", about)) if value is not None}
        return self._ask("DELETE", "breaks", Mended, params=query).count

    def stakeholders(self) -> list[Stakeholder]:
        """Who is to be told, from the file that the environment was given: what the QMS makes of it is judged by it."""
        if self._stakeholders is None:
            import yaml

            content = yaml.safe_load(self._file.read_text(encoding="utf-8"))
            people = [Stakeholder.model_validate(one) for one in content["stakeholders"]]
            self._stakeholders = sorted(people, key=lambda one: one.tier)
        return self._stakeholders

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def _ask(self, method: str, path: str, answer: type[M], **more: Any) -> M:
        import httpx

        try:
            got = self._client.request(method, f"/{path}", **more)
        except httpx.HTTPError as error:
            raise EnvironmentUseError(
                f"The receivers of notifications do not answer ({type(error).__name__}). They are part of the "
                "environment and not of the QMS; logs/receivers.log in its directory says why."
            ) from error
        if not got.is_success:
            raise EnvironmentUseError(f"The receivers of notifications refused: {got.text[:300]}")
        return answer.model_validate_json(got.content)
