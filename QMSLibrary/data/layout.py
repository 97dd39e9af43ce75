"""How long lines are broken."""

from __future__ import annotations

from typing import Final

WIDTH: Final = 110
"""Lines are broken when they are longer than this."""


def wrap_signature(line: str, indent: str) -> list[str]:
    """A function's head with one parameter on each line, when it is longer than people like to read."""
    if len(line) <= WIDTH or line.startswith(" ") or "(" not in line or not line.endswith(("{", ":")):
        return [line]
    start = line.index("(")
    depth, parts, begin = 0, [], start + 1
    for position in range(start, len(line)):
        character = line[position]
        if character in "([{<":
            depth += 1
        elif character in ")]}" or (character == ">" and line[position - 1] not in "=-"):
            depth -= 1
        if depth == 1 and character == ",":
            parts.append(line[begin:position].strip())
            begin = position + 1
        if depth == 0 and position > start:
            parts.append(line[begin:position].strip())
            return [line[: start + 1], *(f"{indent}{part}," for part in parts), line[position:]]
    return [line]
