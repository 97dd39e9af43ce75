"""Verdicts about who was really told: what the receivers got, against who ought to be told.

Who ought to be is computed here from the stakeholders' file and the contract's levels, and not taken from the QMS.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Final

from QMSLibrary.contract.escalations import LEVELS, Channel, Escalation, Stakeholder
from QMSLibrary.contract.receivers import Received
from QMSLibrary.contract.services import Service

from .verdict import Verdict, listed

_REMINDER: Final = re.compile(r"Reminder \d+(?=:)")


def ought(people: Sequence[Stakeholder], escalation: Escalation) -> list[Stakeholder]:
    """Who ought to have been told of ``escalation`` by now: all whose business it is up to its tier.

    One who can be reached by none of its level's channels, or shares an address with another one, is left out.
    """
    channels = LEVELS[escalation.level].channels
    told: set[str] = set()
    found = []
    for one in sorted(people, key=lambda one: one.tier):
        if one.tier > escalation.tier or not one.answers_for(escalation.repository):
            continue
        if any(channel in one.addresses for channel in channels) and told.isdisjoint(one.addresses.values()):
            told.update(one.addresses.values())
            found.append(one)
    return found


def came_to(messages: Sequence[Received], person: Stakeholder, channel: Channel | None = None) -> list[Received]:
    """The messages that this person, or this channel of the person, has taken; one that was tried again counts once."""
    found: dict[str, Received] = {}
    for one in messages:
        if one.taken and channel in (None, one.channel) and person.addresses.get(one.channel) == one.address:
            found.setdefault(one.key or str(one.number), one)
    return list(found.values())


def reached(
    messages: Sequence[Received],
    person: Stakeholder,
    channel: Channel | None,
    escalation: Escalation,
    times: int | None,
) -> Verdict:
    """``person`` got at least one message, or exactly so many ``times``, and none by another channel."""
    got = came_to(messages, person, channel)
    elsewhere = [one for one in came_to(messages, person) if channel is not None and one.channel is not channel]
    good = (len(got) == times if times is not None else bool(got)) and not elsewhere
    number = "at least one message" if times is None else "nothing" if times == 0 else _messages(times)
    way = f" by {channel} and by nothing else" if channel is not None else ""
    refused = [one for one in messages if not one.taken and person.addresses.get(one.channel) == one.address]
    return Verdict(
        title=f"What {person.name} was told of {_named(escalation)}",
        passed=good,
        expected=f"{number}{way}",
        actual=f"{_messages(len(got) + len(elsewhere))}{_ways([*got, *elsewhere])}"
        + (f"; {len(refused)} that the receiver did not take ({_by(refused)})" if refused else "")
        + ("" if good else _all(messages)),
        blame=None if good else Service.ESCALATION,
        look_at="" if good else _look_at(escalation, person, channel),
    )


def nobody_else(
    messages: Sequence[Received], people: Sequence[Stakeholder], told: Collection[str], escalation: Escalation, why: str
) -> Verdict:
    """Every message of the escalation went to one of ``told`` (names), and to each of them once for each telling."""
    missing = [one.name for one in people if one.name in told and not came_to(messages, one)]
    addresses = {(way, place) for one in people if one.name in told for way, place in one.addresses.items()}
    strangers = [one for one in messages if (one.channel, one.address) not in addresses]
    twice = [name for name in told for one in people if one.name == name and _repeated(messages, one)]
    good = not (missing or strangers or twice)
    wrong = [
        *(f"{_who(one, people)} was told by {one.channel} ({one.address})" for one in strangers),
        *(f"{name} was not told at all" for name in missing),
        *(f"{name} was told the same thing twice" for name in twice),
    ]
    return Verdict(
        title=f"Who was told of {_named(escalation)}",
        passed=good,
        expected=f"{listed(told, 'nobody')} ({why}), each once for each telling, and nobody else",
        actual=f"exactly these, by {_by(messages)}" if good and messages
        else "nobody" if good
        else f"{'; '.join(dict.fromkeys(wrong))}{_all(messages)}",
        blame=None if good else Service.ESCALATION,
        look_at=""
        if good
        else "who answers for the repository and the level in the stakeholders' file; the tier and the audit trail of "
        f"{escalation.id}; `Get Notifications` for what the service believes",
    )  # fmt: skip


def _repeated(messages: Sequence[Received], person: Stakeholder) -> bool:
    """Whether the person was told the same twice: a reminder says its number, so there is one message for each."""
    got = came_to(messages, person)
    return len({found.group() if (found := _REMINDER.search(one.text)) else "" for one in got}) < len(got)


def _named(escalation: Escalation) -> str:
    return (
        f"the escalation {escalation.id} ({escalation.level}, {escalation.type}, {escalation.state}, tier "
        f"{escalation.tier}, {escalation.repository or 'no repository'})"
    )


def _who(message: Received, people: Sequence[Stakeholder]) -> str:
    return listed((one.name for one in people if one.addresses.get(message.channel) == message.address), "a stranger")


def _messages(count: int) -> str:
    return "nothing" if count == 0 else "1 message" if count == 1 else f"{count} messages"


def _by(messages: Sequence[Received]) -> str:
    return listed(dict.fromkeys(one.channel for one in messages))


def _ways(messages: Sequence[Received]) -> str:
    return f" by {_by(messages)}" if messages else ""


def _all(messages: Sequence[Received]) -> str:
    shown = "".join(f"\n  {one.channel} to {one.address}: {one.answer}" for one in messages[:10])
    more = f"\n  and {len(messages) - 10} more" if len(messages) > 10 else ""
    return f". The receivers got:{shown or ' nothing'}{more}"


def _look_at(escalation: Escalation, person: Stakeholder, channel: Channel | None) -> str:
    level = ", ".join(LEVELS[escalation.level].channels)
    if channel is not None and channel not in person.addresses:
        return f"the stakeholders' file: {person.name} has no address for {channel}"
    return (
        f"the escalation's level ({escalation.level} uses {level}) and tier ({escalation.tier}; {person.name} is of "
        f"tier {person.tier}); `Get Notifications` for what the service believes, and its log"
    )
