"""The running services describe themselves as the checked-in documents do, and answer as they describe themselves."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "reference"))
from dashboard_escalation_qms import RunningQms, running_qms

from QMSLibrary.contract.problems import Problem
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.routes import PUBLIC, Route, routes_of
from QMSLibrary.contract.services import Service

CHECKED_IN = Path(__file__).parents[2] / "docs" / "api"
ROUTES = [(service, route) for service in Service for route in routes_of(service)]
each_route = pytest.mark.parametrize(("service", "route"), ROUTES, ids=[f"{one}-{route.name}" for one, route in ROUTES])


@pytest.fixture(scope="module")
def qms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningQms]:
    with running_qms(tmp_path_factory.mktemp("openapi") / "qms") as made:
        yield made


def path_of(route: Route) -> str:
    import re

    return re.sub(r"{\w+}", "no-such-thing", route.path)


@pytest.mark.parametrize("service", list(Service))
def test_a_service_serves_the_document_that_is_checked_in(qms: RunningQms, service: Service) -> None:
    assert qms.get(service, "/openapi.json") == json.loads((CHECKED_IN / f"{service}.json").read_text())


@each_route
def test_without_a_token_only_public_routes_answer(qms: RunningQms, service: Service, route: Route) -> None:
    answer = qms.anonymous(route.method, service, path_of(route))
    if route.access == PUBLIC and not route.signed:
        assert answer.status_code in (200, 400)
        return
    assert answer.status_code == 401
    problem = Problem.model_validate(answer.json())
    assert problem.correlation_id == answer.headers["X-Correlation-ID"]


@each_route
def test_what_is_refused_is_refused_as_described(qms: RunningQms, service: Service, route: Route) -> None:
    """A body that does not fit, or a thing that there is not: a problem document with a status the document names."""
    if route.name == "event_stream":
        return  # its refusals are tested with streams
    answer = qms.request(
        Role.ADMIN, route.method, service, path_of(route), {"no_such_field": 1} if route.body else None
    )
    described = json.loads((CHECKED_IN / f"{service}.json").read_text())["paths"][route.path][route.method.lower()]
    assert str(answer.status_code) in described["responses"], answer.text
    (media_type,) = described["responses"][str(answer.status_code)]["content"]
    assert answer.headers["Content-Type"].split(";")[0] == media_type
    assert answer.headers["X-Correlation-ID"]
    if answer.is_error:
        assert Problem.model_validate(answer.json()).status == answer.status_code


@pytest.mark.parametrize("service", list(Service))
def test_an_unknown_path_and_method_are_problems_too(qms: RunningQms, service: Service) -> None:
    assert Problem.model_validate(qms.request(Role.ADMIN, "GET", service, "/api/nothing").json()).code == "not_found"
    assert qms.request(Role.ADMIN, "DELETE", service, "/api/events").status_code == 405
