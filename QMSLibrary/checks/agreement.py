"""Verdicts about the four services' copies of one workflow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from QMSLibrary.contract.services import Service
from QMSLibrary.contract.workflows import ComponentState

from .verdict import Verdict, listed

COMPARED: Final = ("workflow_id", "step", "state", "status", "progress", "correlation_id")
"""What must be equal; ``updated_at`` may differ by the tolerance."""
UNKNOWN: Final = "does not know the workflow"
"""Why a service has no copy: it was never told, or nobody was."""


def agree(states: Mapping[Service, ComponentState | str], within: timedelta, workflow_id: str) -> Verdict:
    """All copies say the same, and their times of the change are no further than ``within`` apart.

    A text instead of a state says why a service has none. Raises ValueError for fewer than two services.
    """
    if len(states) < 2:
        raise ValueError("At least two services are needed to agree.")
    title = f"The services' copies of workflow {workflow_id}"
    absent = {service: why for service, why in states.items() if isinstance(why, str)}
    present = {service: state for service, state in states.items() if isinstance(state, ComponentState)}
    shown = "".join(
        f"\n  {service}: {state.step} {state.state}, {state.status}, {state.progress} %, revision {state.revision}, "
        f"{state.updated_at:%H:%M:%S.%f}"
        for service, state in present.items()
    ) + "".join(
        f"\n  {listed(one for one, told in absent.items() if told == why)}: {why}"
        for why in dict.fromkeys(absent.values())
    )
    expected = f"{listed(states)} agree on {listed(COMPARED)}, and on the time within {within.total_seconds():g} s"
    if absent:
        return _absent(title, expected, shown, absent, everywhere=not present)
    for name in COMPARED:
        values = {service: getattr(state, name) for service, state in present.items()}
        if len(set(values.values())) > 1:
            return _disagree(title, expected, f"they differ in {name}:{shown}", _wrong_one(present, values))
    times = {service: state.updated_at for service, state in present.items()}
    apart = max(times.values()) - min(times.values())
    if apart > within:
        seconds = apart.total_seconds()
        return _disagree(title, expected, f"the times are {seconds:.3f} s apart:{shown}", _wrong_one(present, times))
    some = next(iter(present.values()))
    return Verdict(
        title=title,
        passed=True,
        expected=expected,
        actual=f"{listed(present)} agree: {some.step} {some.state}, {some.progress} %",
    )


def _wrong_one(states: Mapping[Service, ComponentState], values: Mapping[Service, object]) -> Service:
    """Whose copy is wrong. Orchestration decides: a copy behind its revision was not brought up to date.

    At the same revision it is the one that differs from orchestration's, unless all the others agree against it.
    """
    reference = states.get(Service.ORCHESTRATION)
    if reference is not None:
        behind = [service for service, state in states.items() if state.revision < reference.revision]
        if behind:
            return behind[0]
        others = {service: value for service, value in values.items() if service is not Service.ORCHESTRATION}
        unlike = [service for service, value in others.items() if value != values[Service.ORCHESTRATION]]
        if len(unlike) < len(others) or len(others) == 1:
            return unlike[0]
        return Service.ORCHESTRATION if len(set(others.values())) == 1 else unlike[0]
    most = Counter(values.values()).most_common(1)[0][0]
    return next((service for service, value in values.items() if value != most), next(iter(values)))


def _absent(title: str, expected: str, actual: str, absent: Mapping[Service, str], *, everywhere: bool) -> Verdict:
    blame = next(iter(absent))
    if absent[blame] != UNKNOWN:
        look_at = f"whether {blame} runs, and its log"
    elif everywhere and set(absent.values()) == {UNKNOWN}:
        return Verdict(
            title=title,
            passed=False,
            expected=expected,
            actual=actual,
            look_at="the id, and whether the workflow was triggered in this environment",
        )
    else:
        return _disagree(title, expected, actual, blame)
    return Verdict(title=title, passed=False, expected=expected, actual=actual, blame=blame, look_at=look_at)


def _disagree(title: str, expected: str, actual: str, blame: Service) -> Verdict:
    return Verdict(
        title=title,
        passed=False,
        expected=expected,
        actual=actual,
        blame=blame,
        look_at="orchestration's own log: it decides, and the others copy it"
        if blame is Service.ORCHESTRATION
        else f"whether {blame} gets orchestration's events: `Get Dead Letters    {blame}`, its health, its log",
    )
