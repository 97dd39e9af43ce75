"""The guard ends what came of a command when whoever started it is gone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

GUARD = Path(__file__).parents[3] / "QMSLibrary" / "environments" / "guard.py"
# It speaks into the pipe of the command that started it, some time after it was told to end.
SPEAKER = """\
import signal, sys, time
from pathlib import Path

def told(*_):
    time.sleep(0.3)
    try:
        sys.stdout.write("last words")
        sys.stdout.flush()
        Path(sys.argv[1]).write_text("said")
    except OSError as error:
        Path(sys.argv[1]).write_text(str(error))
    sys.exit()

signal.signal(signal.SIGTERM, told)
print("ready", flush=True)
signal.pause()
"""
COMMAND = """\
import subprocess, sys
command = [sys.executable, "-c", *sys.argv[1:]]
speaker = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)
speaker.stdout.readline()
print("running", flush=True)
speaker.communicate()
"""


@pytest.fixture
def guarded(tmp_path):
    command = [sys.executable, "-c", COMMAND, SPEAKER, str(tmp_path / "mark")]
    process = subprocess.Popen(
        [sys.executable, str(GUARD), *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "running\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_who_speaks_while_it_ends_is_still_heard(guarded, tmp_path, ours):
    guarded.stdin.close()
    assert guarded.wait(10) == 128 + 15
    assert (tmp_path / "mark").read_text() == "said"
    assert not ours(tmp_path)
