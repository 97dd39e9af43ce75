"""What all models share: unknown fields, access by name, times on the wire."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from QMSLibrary.contract import (
    audit,
    clock,
    dashboard,
    escalations,
    events,
    health,
    identity,
    problems,
    pull_requests,
    routing,
    steps,
    targets,
    workflows,
)
from QMSLibrary.contract.model import Model, Request, wire_time

MODULES = (
    audit, clock, dashboard, escalations, events, health, identity, problems, pull_requests, routing, steps, targets,
    workflows,
)  # fmt: skip
MODELS = sorted(
    {
        thing
        for module in MODULES
        for thing in vars(module).values()
        if isinstance(thing, type) and issubclass(thing, Model) and thing.__module__ == module.__name__
    },
    key=lambda model: model.__name__,
)
EVENT = {
    "event_id": "e1",
    "type": "something.new",
    "timestamp": "2026-01-02T03:04:05.000006Z",
    "source": "orchestration",
    "correlation_id": "c1",
}


@pytest.mark.parametrize("model", MODELS, ids=[model.__name__ for model in MODELS])
def test_answers_ignore_unknown_fields_and_requests_refuse_them(model: type[Model]) -> None:
    assert model.model_config["extra"] == ("forbid" if issubclass(model, Request) else "ignore")


@pytest.mark.parametrize("model", MODELS, ids=[model.__name__ for model in MODELS])
def test_every_model_says_what_it_is(model: type[Model]) -> None:
    assert model.__doc__
    assert not model.__doc__.startswith("!!!")
    assert model.model_json_schema(mode="serialization")["type"] == "object"


def test_an_unknown_field_of_an_answer_is_dropped() -> None:
    event = events.Event.model_validate({**EVENT, "colour": "red"})
    assert "colour" not in event.model_dump()


def test_an_unknown_field_of_a_request_is_named_in_the_refusal() -> None:
    with pytest.raises(ValidationError, match="coment"):
        escalations.AcknowledgeRequest.model_validate({"escalation_id": "1", "coment": "typo"})


def test_an_event_of_an_unknown_type_is_read() -> None:
    assert events.Event.model_validate(EVENT).type == "something.new"


def test_a_field_is_read_by_name_and_an_unknown_one_lists_what_there_is() -> None:
    event = events.Event.model_validate(EVENT)
    assert event["source"] == "orchestration"
    with pytest.raises(KeyError, match=r"Event has no field 'sauce'.*source"):
        event["sauce"]


ZONES = st.builds(timezone, st.timedeltas(min_value=timedelta(hours=-14), max_value=timedelta(hours=14)))


@given(st.datetimes(min_value=datetime(1900, 1, 2), max_value=datetime(2999, 1, 1), timezones=ZONES))
def test_a_time_survives_the_wire(moment: datetime) -> None:
    text = wire_time(moment)
    assert text.endswith("Z")
    assert len(text) == len("2026-01-02T03:04:05.000006Z")
    assert datetime.fromisoformat(text) == moment


def test_a_time_on_the_wire_is_utc() -> None:
    summer = timezone(timedelta(hours=2))
    assert wire_time(datetime(2026, 7, 1, 1, 30, tzinfo=summer)) == "2026-06-30T23:30:00.000000Z"


@given(st.lists(st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.just(UTC)), min_size=2, max_size=2))
def test_times_on_the_wire_sort_like_times(moments: list[datetime]) -> None:
    assert sorted(map(wire_time, moments)) == [wire_time(moment) for moment in sorted(moments)]


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValidationError, match="timezone"):
        events.Event.model_validate({**EVENT, "timestamp": "2026-01-02T03:04:05"})


def test_a_duration_travels_as_seconds_and_comes_back() -> None:
    wanted = targets.Targets(workflow_duration=timedelta(hours=4, milliseconds=250))
    dumped = wanted.model_dump(mode="json")
    assert dumped["workflow_duration"] == 14400.25
    assert targets.Targets.model_validate(dumped) == wanted


def test_a_logged_value_is_json_without_the_text_of_whole_files():
    class Sheet(Model):
        title: str
        at: datetime
        took: timedelta
        content: str

    sheet = Sheet(title="a", at=datetime(2026, 1, 2, tzinfo=UTC), took=timedelta(seconds=2), content="x" * 5000)
    seen = json.loads(str(sheet))
    assert seen["title"] == "a"
    assert seen["at"].startswith("2026-01-02T00:00:00")
    assert seen["content"].endswith("(5000 characters)")
    assert len(str(sheet)) < 400
