import json
import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest

from QMSLibrary.history.entries import Act, Observation, Outcome
from QMSLibrary.history.journal import Journal, read
from QMSLibrary.history.statistics import percentile, response_times, started_per_minute

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


def act(action="workflow", ms=10.0, outcome=Outcome.DONE, at=0.0, **more):
    sent = NOW + timedelta(seconds=at)
    return Act(
        action=action,
        service="orchestration",
        actor="quinn",
        role=more.pop("role", "qa_lead"),
        sent=sent,
        answered=sent + timedelta(milliseconds=ms),
        duration_ms=ms,
        outcome=outcome,
        **more,
    )


def observation(at=0.0):
    return Observation(
        service="dashboard",
        event_id="e1",
        type="workflow.started",
        timestamp=NOW,
        received=NOW + timedelta(seconds=at),
        workflow_id="wf-1",
        correlation_id="c",
        source="dashboard",
    )


def test_what_is_written_is_read_back_as_it_was(tmp_path):
    journal = Journal(tmp_path / "history-1.jsonl")
    entries = [act(workflow_id="wf-1", status=409, code="illegal", outcome=Outcome.REFUSED), observation(), act()]
    for entry in entries:
        journal.append(entry)
    assert list(read(tmp_path / "history-1.jsonl")) == entries


def test_a_cut_last_line_is_passed_over_and_any_other_broken_line_is_named(tmp_path):
    file = tmp_path / "history-1.jsonl"
    journal = Journal(file)
    journal.append(act())
    journal.append(act(action="retry"))
    file.write_bytes(file.read_bytes()[:-9])
    assert [entry.action for entry in read(file)] == ["workflow"]
    file.write_text('{"kind":"act"}\n')
    with pytest.raises(ValueError, match=r"history-1.jsonl, line 1"):
        list(read(file))
    file.write_text('{"kind":"dream"}\n')
    with pytest.raises(ValueError, match="no kind of entry"):
        list(read(file))


def test_a_folder_is_read_in_the_order_of_time(tmp_path):
    Journal(tmp_path / "history-a.jsonl").append(act(action="second", at=2))
    other = Journal(tmp_path / "history-b.jsonl")
    other.append(act(action="first", at=1))
    other.append(observation(at=3))
    assert [getattr(entry, "action", "seen") for entry in read(tmp_path)] == ["first", "second", "seen"]


def test_what_was_noted_before_there_was_a_file_is_written_to_it(tmp_path):
    journal = Journal()
    journal.append(act(action="early"))
    journal.write_to(tmp_path / "deep" / "history-1.jsonl")
    journal.append(act(action="late"))
    assert [entry.action for entry in read(tmp_path / "deep" / "history-1.jsonl")] == ["early", "late"]


def test_a_file_that_cannot_be_written_is_told_and_fails_nothing(tmp_path):
    (tmp_path / "file").write_text("")
    journal = Journal(tmp_path / "file" / "history.jsonl")
    journal.append(act())
    assert "cannot be written" in journal.trouble
    assert len(journal.acts()) == 1


def test_a_killed_process_leaves_everything_it_had_appended(tmp_path):
    file = tmp_path / "history-1.jsonl"
    code = f"""
import sys; sys.path.insert(0, {str(os.path.dirname(__file__))!r})
from test_history import act, Journal
from pathlib import Path
journal = Journal(Path({str(file)!r}))
for number in range(200): journal.append(act(at=number))
print("written", flush=True)
sys.stdin.read()
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "written\n"
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=10)
    assert len(list(read(file))) == 200


def test_threads_write_whole_lines(tmp_path):
    journal = Journal(tmp_path / "history-1.jsonl")

    def write(name):
        for _ in range(100):
            journal.append(act(action=name))

    threads = [threading.Thread(target=write, args=(f"a{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list(read(tmp_path / "history-1.jsonl"))) == 800


def test_queries_meet_all_conditions():
    journal = Journal()
    for one in (act(workflow_id="a"), act(workflow_id="b", role="manager"), act(action="retry", workflow_id="a", at=5)):
        journal.append(one)
    assert len(journal.acts(workflow="a")) == 2
    assert [one.action for one in journal.acts(workflow="a", action="retry")] == ["retry"]
    assert [one.workflow_id for one in journal.acts(role="manager")] == ["b"]
    assert len(journal.acts(since=NOW + timedelta(seconds=1))) == 1
    assert len(journal.acts(until=NOW + timedelta(seconds=1))) == 2


def test_percentiles_are_exact():
    values = list(range(1, 101))
    assert percentile(values, 0.95) == 95
    assert percentile(values, 0.5) == 50
    assert percentile(values, 1) == 100
    assert percentile([1, 2, 3, 4, 5], 0.5) == 3
    assert percentile([7.0], 0.99) == 7.0
    assert percentile(list(range(1, 21)), 0.95) == 19
    with pytest.raises(ValueError, match="nothing"):
        percentile([], 0.5)
    with pytest.raises(ValueError, match="between 0 and 1"):
        percentile([1.0], 95)


def test_response_times_leave_log_ins_out_and_count_failures_but_not_refusals():
    acts = [act(ms=10), act(ms=30, outcome=Outcome.REFUSED), act(ms=20, outcome=Outcome.FAILED)]
    figures = response_times([*acts, act(action="log_in", ms=5000), act(action="health", ms=5000)])
    assert (figures.count, figures.mean, figures.p50, figures.max) == (3, 20, 20, 30)
    assert figures.error_rate == pytest.approx(1 / 3)
    assert response_times([act(action="log_in")]) is None


def test_throughput_is_from_the_first_sent_to_the_last_answered():
    acts = [act(action="start_workflow", ms=0, at=second) for second in range(31)]
    assert started_per_minute(acts) == pytest.approx(62)
    assert started_per_minute([act()]) is None


def test_no_entry_has_a_place_for_a_secret(tmp_path):
    journal = Journal(tmp_path / "history-1.jsonl")
    journal.append(act())
    written = json.loads((tmp_path / "history-1.jsonl").read_text())
    assert not {"password", "token", "body", "headers", "authorization"} & written.keys()
