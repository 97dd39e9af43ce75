"""The table of routes."""

from __future__ import annotations

import re

import pytest

from QMSLibrary.contract import routes
from QMSLibrary.contract.roles import SERVICE_ROLE, Role
from QMSLibrary.contract.routes import PUBLIC, ROUTES, Route, routes_of
from QMSLibrary.contract.services import Service
from QMSLibrary.contract.steps import Step
from QMSLibrary.contract.webhooks import SIGNATURE_HEADER, StatusContext

each_route = pytest.mark.parametrize("route", ROUTES, ids=[route.name for route in ROUTES])


def test_every_route_has_a_name_of_its_own() -> None:
    names = [route.name for route in ROUTES]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("service", list(Service))
def test_no_two_routes_of_a_service_share_method_and_path(service: Service) -> None:
    places = [(route.method, re.sub(r"{\w+}", "{}", route.path)) for route in routes_of(service)]
    assert sorted(set(places)) == sorted(places)


@each_route
def test_a_route_is_written_down_in_full(route: Route) -> None:
    assert getattr(routes, route.name.upper()) is route
    assert route.services
    assert route.path.startswith("/")
    assert route.access in {*Role, PUBLIC, SERVICE_ROLE}
    assert route.answer is not None or route.name in {"metrics", "openapi", "event_stream"}


@each_route
def test_only_health_log_in_and_what_is_signed_are_public(route: Route) -> None:
    assert (route.access == PUBLIC) is (route.name in {"health", "log_in"} or bool(route.signed))


@each_route
def test_what_is_signed_has_a_signature_and_no_body_of_ours(route: Route) -> None:
    if route.signed:
        assert route.body is None
        assert SIGNATURE_HEADER in [parameter.name for parameter in route.query if parameter.required]
        assert 401 in route.refusals


@pytest.mark.parametrize(
    ("method", "path", "role"),
    [
        ("GET", "/api/workflows", Role.DEVELOPER),
        ("POST", "/api/workflows", Role.QA_LEAD),
        ("POST", "/api/escalations/acknowledge", Role.QA_LEAD),
        ("POST", "/api/workflows/{workflow_id}/overrides", Role.MANAGER),
        ("GET", "/api/admin/users", Role.ADMIN),
        ("GET", "/api/webhooks/deliveries", Role.QA_LEAD),
    ],
)
def test_the_lowest_roles_the_design_names(method: str, path: str, role: Role) -> None:
    (route,) = [one for one in ROUTES if (one.method, one.path) == (method, path)]
    assert route.access is role


@pytest.mark.parametrize(
    "path",
    [
        "/api/workflows",
        "/api/workflows/{}",
        "/api/admin/users",
        "/api/escalations/acknowledge",
        "/api/webhooks/github",
        "/api/dashboard/{}",
        "/api/widgets/{}/data",
        "/api/widgets/{}/config",
        "/api/alerts",
        "/api/alerts/{}/acknowledge",
        "/health",
        "/metrics",
        "/api/events",
        "/openapi.json",
    ],
)
def test_the_paths_the_design_fixes(path: str) -> None:
    assert path in {re.sub(r"{\w+}", "{}", route.path) for route in ROUTES}


def test_a_url_quotes_its_parts() -> None:
    assert routes.WORKFLOW.url(workflow_id="a/b ?#é") == "/api/workflows/a%2Fb%20%3F%23%C3%A9"


def test_a_url_without_its_parts_is_refused() -> None:
    with pytest.raises(KeyError):
        routes.WORKFLOW.url()


@pytest.mark.parametrize(
    ("service", "port"), [("orchestration", 8080), ("decision", 8081), ("dashboard", 8082), ("escalation", 8083)]
)
def test_the_default_ports(service: str, port: int) -> None:
    assert Service(service).default_port == port


def test_every_step_has_a_commit_status_of_its_own() -> None:
    assert {str(context): context.step for context in StatusContext} == {
        "qms/dor-validation": Step.DOR_VALIDATION,
        "qms/progress-reviews": Step.PROGRESS_REVIEWS,
        "qms/dod-validation": Step.DOD_VALIDATION,
        "qms/final-review": Step.FINAL_REVIEW,
    }
