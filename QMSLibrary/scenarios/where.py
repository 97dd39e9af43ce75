"""Where a part of a scenario is."""

from __future__ import annotations

from dataclasses import dataclass, replace

from QMSLibrary.formats.yaml_file import Steps


@dataclass(frozen=True, slots=True)
class Where:
    """Where a part is: for the file, and in words."""

    steps: Steps
    words: tuple[str, ...]
    branch: str | None = None
    """The pull request of the branch it is in."""

    def into(self, *steps: str | int, word: str = "") -> Where:
        """Further in."""
        return replace(self, steps=(*self.steps, *steps), words=(*self.words, word) if word else self.words)

    def item(self, number: int) -> Where:
        """The part with this position, from 0. ``steps`` becomes ``steps 3``; deeper in it is the number alone."""
        if self.words == ("steps",):
            return replace(self, steps=(*self.steps, number), words=(f"steps {number + 1}",))
        return self.into(number, word=str(number + 1))

    def on(self, branch: str) -> Where:
        """The branch of a pull request."""
        return replace(self.into("branches", branch, word=branch), branch=branch)

    def within(self, way: Steps) -> Where:
        """A list of parts inside; ``steps`` and ``then`` go without saying."""
        word = "" if way[-1] in ("steps", "then") else str(way[-1])
        return self.into(*way, word=word)

    def __str__(self) -> str:
        return " → ".join(self.words)
