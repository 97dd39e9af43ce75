"""Each of the twelve flaws as people write it, not as a generator does: found at its line, its safe twin left alone.

The cases are in ``variants/``, a file for each flaw. A line that has the flaw ends with ``HERE`` in a comment; a case
without one has it nowhere. Credentials are put together here, so that no scanner of this repository finds any.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from agents_made import change, pull_request

from QMSLibrary.data.flaws import catalogue
from QMSLibrary.data.issued import issued, with_issued
from QMSLibrary.reference.agents.flaws import FLAWS
from QMSLibrary.reference.agents.reading import Reading

FOLDER = Path(__file__).parent / "variants"
_MARK = re.compile(r"\s*(?:#|//) HERE$", re.MULTILINE)


def cases() -> list[pytest.param]:
    """Flaw, file name and text of every case."""
    found = []
    for file in sorted(FOLDER.glob("*.txt")):
        for block in re.split(r"^=== ", file.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
            name, _, text = block.partition("\n")
            label, _, suffix = name.rpartition(".")
            found.append(pytest.param(file.stem, suffix, text, id=f"{file.stem}, {label}, {suffix}"))
    return found


def prepared(text: str) -> str:
    """The text with credentials where it has their marks; ``HALF`` is what follows the prefix that all have."""
    halves = {house: issued(house, "variants")[4:] for house in ("aws", "github")}
    text = re.sub(r"HALF:(\w+)", lambda match: halves[match[1]], text)
    return with_issued({"": text}, "variants")[""]


@pytest.mark.parametrize(("type_", "suffix", "text"), cases())
def test_a_variant_is_found_at_its_line_and_a_safe_twin_is_left_alone(type_: str, suffix: str, text: str) -> None:
    expected = [(type_, number) for number, line in enumerate(text.splitlines(), 1) if _MARK.search(line)]
    assert len(expected) <= 1
    reading = Reading(pull_request(change(f"src/case.{suffix}", _MARK.sub("", prepared(text)))))
    found = [(flaw.type, place.line) for kind in reading.flaws for flaw, _, place in reading.flaws[kind]]
    assert found == expected


def test_every_flaw_that_generated_code_can_have_is_known_and_has_variants_and_safe_twins() -> None:
    assert set(catalogue()) <= {flaw.type for flaw in FLAWS}
    for type_ in catalogue():
        texts = [param.values[2] for param in cases() if param.values[0] == type_]
        assert sum(bool(_MARK.search(text)) for text in texts) >= 5, type_
        assert sum(not _MARK.search(text) for text in texts) >= 5, type_


@pytest.mark.parametrize("type_", catalogue())
def test_a_flaw_has_one_nature_wherever_it_is_told_of(type_: str) -> None:
    made = catalogue()[type_]
    known = next(flaw for flaw in FLAWS if flaw.type == type_)
    assert made.severities == (known.severity,)
    assert (made.kind, made.cwe) == (known.kind.value, known.cwe)
