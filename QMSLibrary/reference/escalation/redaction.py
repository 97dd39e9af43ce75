"""What must not leave the house in a message: e-mail addresses, card numbers, tokens."""

from __future__ import annotations

import re
from typing import Final

_EMAIL: Final = re.compile(r"[\w.+%'-]+@[\w-]+(?:\.[\w-]+)+")
# 13 to 19 digits, as ISO/IEC 7812 allows, in groups or not.
_CARD: Final = re.compile(r"(?<![\d.])\d(?:[ -]?\d){12,18}(?![\d.]?\d)")
_TOKENS: Final = re.compile(
    r"""
      -----BEGIN[ ][A-Z ]*PRIVATE[ ]KEY-----.*?(?:-----END[ ][A-Z ]*PRIVATE[ ]KEY-----|\Z)
    | \beyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*                    # JSON Web Token
    | \bgh[pousr]_\w{20,} | \bgithub_pat_\w{20,}           # GitHub
    | \bglpat-[\w-]{20,}                                   # GitLab
    | \bxox[a-z]-[\w-]{10,}                                # Slack
    | \b(?:sk|rk|pk)_(?:live|test)_\w{10,} | \bsk-[\w-]{20,}
    | \b(?:AKIA|ASIA)[0-9A-Z]{16}\b                        # AWS
    | \bAIza[\w-]{35}                                      # Google
    """,
    re.VERBOSE | re.DOTALL,
)
_BEARER: Final = re.compile(r"\b(bearer|basic)\s+[\w.~+/-]{8,}=*", re.IGNORECASE)
_ASSIGNED: Final = re.compile(
    r"(?P<name>\b[\w-]*(?:password|passwd|secret|token|api[_-]?key))(?P<mark>[\"']?\s*[:=]\s*)[\"']?[^\s\"',;]{4,}[\"']?",
    re.IGNORECASE,
)
_CREDENTIALS_IN_URL: Final = re.compile(r"(?<=://)[^\s/@:]*:[^\s/@]+(?=@)")


def redact(text: str) -> str:
    """``text`` with every e-mail address, card number (Luhn) and token replaced by a word that says what was there."""
    text = _CREDENTIALS_IN_URL.sub("[credentials]", text)
    text = _TOKENS.sub("[token]", text)
    text = _BEARER.sub(r"\1 [token]", text)
    text = _ASSIGNED.sub(r"\g<name>\g<mark>[token]", text)
    text = _EMAIL.sub("[e-mail]", text)
    return _CARD.sub(lambda match: "[card number]" if passes_luhn(match.group()) else match.group(), text)


def passes_luhn(text: str) -> bool:
    """Whether the digits of ``text`` end in the check digit of ISO/IEC 7812-1 (the Luhn algorithm)."""
    digits = [int(character) for character in text if character.isdigit()]
    doubled = (digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[-2::-2])
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
