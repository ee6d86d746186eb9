"""Scripts as processes: run one on the stage, and read what became of it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from textwrap import dedent

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

    def is_clean(self) -> bool:
        """Whether it ended well and said nothing on standard error."""
        assert (self.stderr, self.code) == ("", 0), self.stdout
        return True

    def left_within(self, seconds: float) -> bool:
        """Whether the process was gone so soon after its last line."""
        assert self.seconds is not None, self.stdout
        assert self.seconds < seconds, f"it took {self.seconds:.2f} s\n{self.stdout}"
        return True


def run(
    script: str, destination: Destination, *, is_patched: bool = False, **environ: str
) -> Ended:
    """Run a script that begins with everything of ``stage``, and wait for its end."""
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
        preexec_fn=allow_interrupt,
    )
    try:
        stdout, stderr = popen.communicate(timeout=PATIENCE)
        return Ended(stdout, stderr, popen.returncode, _since_leaving(stdout))
    finally:
        kill_group(popen)


def _since_leaving(stdout: str) -> float | None:
    for line in stdout.splitlines():
        if line.startswith("leaving "):
            return time.monotonic() - float(line.removeprefix("leaving "))
    return None


def delivered(destination: Destination) -> dict[str, int]:
    """How many events of each emitter arrived, none of them twice and none left out between."""
    numbers: dict[str, list[int]] = {}
    for event in destination.events():
        properties = event["properties"]
        numbers.setdefault(properties["who"], []).append(properties["number"])
    for who, seen in numbers.items():
        assert sorted(seen) == list(range(1, len(seen) + 1)), f"{who}: {Counter(seen)}"
    assert destination.duplicates() == 0
    return {who: len(seen) for who, seen in numbers.items()}
