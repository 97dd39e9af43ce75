"""The OpenAPI documents: valid, complete, and the ones that are checked in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from QMSLibrary.cli.docs import api_document, write_api
from QMSLibrary.contract.openapi import openapi
from QMSLibrary.contract.routes import PUBLIC, routes_of
from QMSLibrary.contract.services import Service

CHECKED_IN = Path(__file__).parents[3] / "docs" / "api"

each_service = pytest.mark.parametrize("service", list(Service))


@each_service
def test_the_document_is_valid_openapi(service: Service) -> None:
    OpenAPIV31SpecValidator(openapi(service)).validate()


@each_service
def test_the_checked_in_document_is_current(service: Service) -> None:
    text = (CHECKED_IN / f"{service}.json").read_text(encoding="utf-8")
    assert text == api_document(service), f"docs/api/{service}.json is out of date: run `qms docs api`"


def test_nothing_else_is_checked_in_beside_them() -> None:
    assert sorted(path.name for path in CHECKED_IN.iterdir()) == sorted(f"{service}.json" for service in Service)


@each_service
def test_the_document_has_every_route_and_no_other(service: Service) -> None:
    document = openapi(service)
    described = {
        (operation["operationId"], method.upper(), path)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }
    assert described == {(route.name, route.method, route.path) for route in routes_of(service)}


@each_service
def test_only_public_routes_are_open(service: Service) -> None:
    document = openapi(service)
    for route in routes_of(service):
        security = document["paths"][route.path][route.method.lower()]["security"]
        assert security == ([] if route.access == PUBLIC else [{"bearer": []}]), route.name


@each_service
def test_refusals_are_problem_documents(service: Service) -> None:
    for path, operations in openapi(service)["paths"].items():
        for method, operation in operations.items():
            for status, answer in operation["responses"].items():
                if status >= "400":
                    assert list(answer["content"]) == ["application/problem+json"], (method, path, status)


def test_the_same_contract_gives_the_same_text() -> None:
    assert api_document(Service.ESCALATION) == api_document(Service.ESCALATION)


def test_writing_the_documents_makes_one_per_service_and_leaves_current_ones_alone(tmp_path: Path) -> None:
    folder = tmp_path / "api"
    written = write_api(folder)
    assert [path.name for path in written] == [f"{service}.json" for service in Service]
    assert json.loads(written[0].read_text())["openapi"] == "3.1.0"
    written[1].write_text("{}")
    before = written[0].stat().st_mtime_ns
    assert write_api(folder) == written
    assert written[0].stat().st_mtime_ns == before
    assert written[1].read_text() == api_document(Service.DECISION)
