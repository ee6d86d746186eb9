"""Visitors without a cookie: one id a day, the same in every process, nobody's the day after."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from flask_analytics import Event, track
from flask_analytics.salt import GRACE, DailySalt
from flask_analytics.testing import capture_events

MakeApp = Callable[..., Flask]

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
AGENT = "Mozilla/5.0"


class Day:
    """The clock of a salt."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now.timestamp()


@pytest.fixture
def day() -> Day:
    return Day(NOON)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if "salt" in path.name)


def test_same_visitor_same_id(tmp_path: Path, day: Day) -> None:
    """Two processes of a machine agree; another address or browser is somebody else."""
    first, second = DailySalt(tmp_path, day), DailySalt(tmp_path, day)

    known = first.visitor("192.0.2.1", AGENT, NOON)

    assert len(known or "") == 22
    assert second.visitor("192.0.2.1", AGENT, NOON) == known
    assert second.visitor("192.0.2.2", AGENT, NOON) != known
    assert second.visitor("192.0.2.1", "Other", NOON) != known


def test_two_processes_that_begin_together(tmp_path: Path) -> None:
    """Whoever makes the salt's file first, all use that one."""
    code = (
        "import sys, time; from pathlib import Path; from datetime import datetime, UTC\n"
        "from flask_analytics.salt import DailySalt\n"
        "print(DailySalt(Path(sys.argv[1])).visitor('192.0.2.1', 'a', datetime.now(UTC)))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "new")]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(6)]

    ids = {process.communicate()[0] for process in running}

    assert len(ids) == 1
    assert ids != {b"None\n"}


def test_another_day_another_id(tmp_path: Path, day: Day) -> None:
    """Nothing joins the days of a visitor, and the old salt is gone from memory and disk."""
    salt = DailySalt(tmp_path, day)
    before = salt.visitor("192.0.2.1", AGENT, NOON)
    day.now += timedelta(days=1)

    after = salt.visitor("192.0.2.1", AGENT, day.now)

    assert after != before
    assert salt.visitor("192.0.2.1", AGENT, NOON) is None
    assert files(tmp_path) == ["salt-20261122"]
    assert before not in repr(vars(salt))


def test_stragglers_of_the_last_hour(tmp_path: Path, day: Day) -> None:
    """An event of 23:59 that is completed at 00:01 has the id of its day, also elsewhere."""
    known = DailySalt(tmp_path, day).visitor("192.0.2.1", AGENT, NOON)
    day.now = NOON.replace(hour=0) + timedelta(days=1, seconds=60)
    another = DailySalt(tmp_path, day)

    assert another.visitor("192.0.2.1", AGENT, NOON) == known
    assert another.visitor("192.0.2.1", AGENT, day.now) != known
    day.now += timedelta(seconds=GRACE)
    another.visitor("192.0.2.3", AGENT, day.now)
    assert another.visitor("192.0.2.1", AGENT, NOON) is None
    assert files(tmp_path) == ["salt-20261122"]


def test_the_salt_of_a_day_is_destroyed_though_nobody_comes(tmp_path: Path, day: Day) -> None:
    """No memory, no file and no byte of the folder has it an hour after its day; known visitors of
    today do not keep it, either."""
    salt = DailySalt(tmp_path, day)
    salt.visitor("192.0.2.1", AGENT, NOON)
    (secret,) = [path.read_bytes() for path in tmp_path.glob("salt-*")]
    day.now = NOON.replace(hour=0) + timedelta(days=1, seconds=GRACE - 1)
    salt.tidy()
    assert files(tmp_path) == ["salt-20261121"]

    day.now += timedelta(seconds=1)
    salt.tidy()

    assert files(tmp_path) == []
    assert not [path for path in tmp_path.iterdir() if secret in path.read_bytes()]
    assert repr(secret) not in repr(vars(salt))
    assert "192.0.2.1" not in repr(vars(salt))
    assert salt.visitor("192.0.2.1", AGENT, NOON) is None


def test_processes_agree_at_midnight(tmp_path: Path, day: Day) -> None:
    """Whoever comes first makes the new day's salt; both days have one each."""
    first, second = DailySalt(tmp_path, day), DailySalt(tmp_path, day)
    day.now = NOON.replace(hour=23, minute=59, second=59)
    late = day.now
    before = first.visitor("192.0.2.1", AGENT, late), second.visitor("192.0.2.1", AGENT, late)
    day.now += timedelta(seconds=2)

    after = second.visitor("192.0.2.1", AGENT, day.now), first.visitor("192.0.2.1", AGENT, day.now)

    assert len(set(before)) == len(set(after)) == 1
    assert before[0] != after[0]
    assert second.visitor("192.0.2.1", AGENT, late) == before[0]


def test_a_running_application_destroys_old_ones(make_app: MakeApp, tmp_path: Path) -> None:
    """Those, too, that a process left which did not live to see the next day."""
    app = make_app(TESTING=False, ANALYTICS_COLLECTORS=["memory:"])
    old = tmp_path / "analytics" / "salt-20200101"
    old.parent.mkdir(mode=0o700)
    old.write_bytes(b"x" * 32)

    app.test_client().get("/")  # without a user agent: no visitor either
    deadline = time.monotonic() + 60
    while old.exists():
        assert time.monotonic() < deadline, "it is still there"
        time.sleep(0.05)

    app.extensions["analytics"].pipeline.sink.close(5)


@pytest.mark.parametrize(("address", "agent"), [(None, AGENT), ("192.0.2.1", None), ("", "")])
def test_nobody(tmp_path: Path, day: Day, address: str | None, agent: str | None) -> None:
    """Without an address or a browser there is no visitor, and no file."""
    assert DailySalt(tmp_path, day).visitor(address, agent, NOON) is None
    assert files(tmp_path) == []


def test_of_ipv6_the_network_counts(tmp_path: Path, day: Day) -> None:
    """The second half of an address changes by itself; an IPv4 address inside IPv6 counts whole."""
    salt = DailySalt(tmp_path, day)

    assert salt.visitor("2001:db8::1", AGENT, NOON) == salt.visitor("2001:db8::2", AGENT, NOON)
    assert salt.visitor("2001:db8::1", AGENT, NOON) != salt.visitor("2001:db8:1::1", AGENT, NOON)
    mapped = [salt.visitor(f"::ffff:192.0.2.{n}", AGENT, NOON) for n in (1, 2)]
    assert mapped[0] != mapped[1]


@pytest.mark.parametrize("content", [None, b"", b"short"])
def test_no_file_or_a_bad_one(tmp_path: Path, day: Day, content: bytes | None) -> None:
    """Then the process has a salt of its own, and goes on."""
    if content is None:
        place = tmp_path / "file"
        place.touch()  # a folder cannot be made here
    else:
        place = tmp_path
        (tmp_path / "salt-20261121").write_bytes(content)
    salt = DailySalt(place, day)

    known = salt.visitor("192.0.2.1", AGENT, NOON)

    assert known
    assert salt.visitor("192.0.2.1", AGENT, NOON) == known


def test_file_is_for_this_user_only(tmp_path: Path, day: Day) -> None:
    """With the salt, addresses could be tried until one fits."""
    DailySalt(tmp_path / "new", day).visitor("192.0.2.1", AGENT, NOON)

    (file,) = (tmp_path / "new").glob("salt-*")
    assert file.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


def visit(app: Flask, agent: str = AGENT, path: str = "/") -> Event:
    with capture_events(app) as events:
        app.test_client().get(path, headers={"User-Agent": agent})
    return events[0]


def test_events_of_a_request_have_it(make_app: MakeApp) -> None:
    """The automatic event and the view's own are of the same visitor, and so is the page's."""
    app = make_app()
    app.add_url_rule("/own", "own", lambda: str(track("looked")))

    with capture_events(app) as events:
        client = app.test_client()
        client.get("/own", headers={"User-Agent": AGENT})
        client.post(
            "/_a/e", json={"events": [{"event_name": "seen"}]}, headers={"User-Agent": AGENT}
        )

    assert [event.name for event in events] == ["looked", "pageview", "seen"]
    assert len({event.anonymous_id for event in events} - {None}) == 1


def test_switched_off(make_app: MakeApp) -> None:
    """ANALYTICS_VISITOR_ID None: nobody has an id that they did not get from the application."""
    assert visit(make_app(ANALYTICS_VISITOR_ID=None)).anonymous_id is None


def test_without_a_user_agent(make_app: MakeApp) -> None:
    """A script is no visitor."""
    assert visit(make_app(), agent="").anonymous_id is None
