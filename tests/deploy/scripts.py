"""Scripts as processes: run one on the stage, and read what became of it."""

from __future__ import annotations

import ctypes
import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from textwrap import dedent
from typing import Any

import pytest

from .actors import PATIENCE, Destination, allow_interrupt, environment, kill_group

#: Python 3.12 warns of every fork beside threads; forking is what these scripts are about.
QUIET_FORK = "ignore:This process:DeprecationWarning"

#: Runs a test in a plain process and in one that gevent has patched.
either = pytest.mark.parametrize("is_patched", [False, True], ids=["plain", "patched"])


@dataclass(frozen=True)
class Ended:
    """What a script left behind."""

    stdout: str
    stderr: str
    code: int
    #: Seconds from ``leave()`` to the end of the process, or None where it was not called.
    seconds: float | None
    #: What ``then`` gave.
    after: Ended | None = None

    def is_clean(self) -> bool:
        """Whether it ended well and said nothing on standard error."""
        assert (self.stderr, self.code) == ("", 0), f"{self.stdout}\n{self.stderr}"
        return True

    def was_killed(self) -> bool:
        """Whether SIGKILL ended it, and it had not complained before."""
        assert (self.stderr, self.code) == ("", -signal.SIGKILL), f"{self.stdout}\n{self.stderr}"
        return True

    def told(self, what: str) -> Any:
        """What the script told with ``tell``, the last time."""
        head = f"told {what} "
        lines = [line for line in self.stdout.splitlines() if line.startswith(head)]
        assert lines, f"{self.stdout}\n{self.stderr}"
        return json.loads(lines[-1].removeprefix(head))

    def left_within(self, seconds: float) -> bool:
        """Whether the process was gone so soon after its last line."""
        assert self.seconds is not None, self.stdout
        assert self.seconds < seconds, f"it took {self.seconds:.2f} s\n{self.stdout}"
        return True


def run(
    script: str,
    destination: Destination,
    *,
    is_patched: bool = False,
    prepare: Callable[[], None] = allow_interrupt,
    then: Callable[[], Ended] | None = None,
    **environ: str,
) -> Ended:
    """Run a script that begins with everything of ``stage``, and wait for its end.

    :param prepare: called in the new process, before Python starts there.
    :param then: called when it has ended, while processes that it has left behind are there still.
    """
    told = {
        "DESTINATION": destination.url,
        "FOLDER": str(destination.folder / "analytics"),
        "PATCHED": "1" * is_patched,
        **environ,
    }
    popen = subprocess.Popen(
        [sys.executable, "-W", QUIET_FORK, "-c", "from stage import *\n" + dedent(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(told),
        start_new_session=True,
        preexec_fn=prepare,
    )
    try:
        stdout, stderr = popen.communicate(timeout=PATIENCE)
        seconds = _since_leaving(stdout)
        after = then() if then else None
        return Ended(stdout, stderr, popen.returncode, seconds, after)
    finally:
        kill_group(popen)


def _since_leaving(stdout: str) -> float | None:
    for line in stdout.splitlines():
        if line.startswith("leaving "):
            return time.monotonic() - float(line.removeprefix("leaving "))
    return None


#: The whole life of the process that comes after one that was killed.
TAKE_OVER = """
set_up()
take_over()
"""


def without_power() -> None:
    """Let root meet the permissions of files, as everybody does: drop CAP_DAC_OVERRIDE."""
    allow_interrupt()
    ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)  # PR_CAPBSET_DROP: gone with the next exec


def delivered(destination: Destination, *, may_repeat: bool = False) -> dict[str, int]:
    """How many events of each emitter arrived, none of them twice and none left out between.

    :param may_repeat: whether somebody was killed who may have been sending: what was under way
        then comes again, under the same message id, and counts once.
    """
    numbers: dict[str, list[int]] = {}
    arrived = destination.events()
    if may_repeat:
        arrived = list({event["message_id"]: event for event in arrived}.values())
    for event in arrived:
        properties = event["properties"]
        numbers.setdefault(properties["who"], []).append(properties["number"])
    for who, seen in numbers.items():
        assert sorted(seen) == list(range(1, len(seen) + 1)), f"{who}: {Counter(seen)}"
    assert may_repeat or destination.duplicates() == 0
    return {who: len(seen) for who, seen in numbers.items()}
