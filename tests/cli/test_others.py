"""Exports of other products: Segment, Umami, Plausible. The rows are as they write them."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .actors import AGENT, Terminal, line
from .test_import import events, only

Write = Callable[..., Path]

SEGMENT: dict[str, Any] = {
    "anonymousId": "a-1",
    "channel": "client",
    "context": {
        "campaign": {"source": "letter"},
        "ip": "192.0.2.7",
        "library": {"name": "analytics.js", "version": "2.11.1"},
        "locale": "de-DE",
        "page": {
            "path": "/shoes", "referrer": "https://news.example/",
            "url": "https://shop.example/shoes?utm_source=letter&token=1", "title": "Shoes",
        },
        "userAgent": AGENT,
    },
    "event": "Order Completed",
    "integrations": {"Mixpanel": False},
    "messageId": "ajs-1",
    "originalTimestamp": "2020-01-01T08:00:05.000Z",
    "properties": {"revenue": 29.9, "currency": "EUR", "plan": "pro"},
    "receivedAt": "2020-01-01T08:00:01.000Z",
    "sentAt": "2020-01-01T08:00:06.000Z",
    "type": "track",
    "userId": "ana",
}  # fmt: skip


def call(**more: Any) -> str:
    """A call as a line of NDJSON."""
    told = {**SEGMENT, **more}
    return json.dumps({key: value for key, value in told.items() if value is not ...})


def zipped(**files: str) -> bytes:
    """An archive of texts, whose names have no extension here."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.csv", text)
    return data.getvalue()


# -- Segment


def test_track_of_segment(terminal: Terminal, write: Write) -> None:
    """All that a call tells has its place; its clock is put right."""
    path = write("calls.gz", gzip.compress(f"{call()}\n".encode()))

    report = only(terminal.ask("import", path))

    (event,) = events(terminal)
    assert (report["format"], report["stored"]) == ("segment", 1)
    assert event == {
        "message_id": "ajs-1", "type": "custom", "event_name": "Order Completed",
        "timestamp": "2020-01-01T08:00:00Z", "source": "api", "user_id": "ana",
        "anonymous_id": "a-1", "locale": "de-DE", "hostname": "shop.example",
        "url": "https://shop.example/shoes?utm_source=letter", "path": "/shoes",
        "user_agent": AGENT, "referrer": "https://news.example/",
        "properties": {"revenue": 29.9, "currency": "EUR", "plan": "pro"},
        "revenue": {"amount": "29.9", "currency": "EUR"},
        "context": {
            "campaign": {"source": "letter"},
            "library": {"name": "analytics.js", "version": "2.11.1"},
        },
        "integrations": {"Mixpanel": False},
    }  # fmt: skip


def test_every_call_of_segment(terminal: Terminal, write: Write) -> None:
    """Six of them are events; what is none is told."""
    path = write(
        "calls.json",
        [
            call(type="page", name="Home", category="Docs", event=..., messageId="1"),
            call(type="screen", name="Start", context=None, event=..., messageId="2"),
            call(type="identify", context={"traits": {"plan": "pro"}}, messageId="3"),
            call(type="group", groupId=7, traits={"seats": 5}, messageId="4"),
            call(type="alias", previousId="a-1", messageId="5"),
            call(type="delete", messageId="6"),
            call(type="track", event=..., messageId="7"),
            call(timestamp="yesterday", messageId="8"),
        ],
    )

    report = only(terminal.ask("import", path, status=1))

    page, screen, who, group, alias = sorted(events(terminal), key=lambda e: e["message_id"])
    assert (page["type"], page["event_name"], page["properties"]["category"]) == (
        "pageview", "Home", "Docs",
    )  # fmt: skip
    assert (screen["type"], screen["event_name"]) == ("pageview", "Start")
    assert (who["type"], who["traits"]) == ("identify", {"plan": "pro"})
    assert (group["group_id"], group["traits"]) == ("7", {"seats": 5})
    assert (alias["previous_id"], alias["user_id"]) == ("a-1", "ana")
    assert report["left_out"] == {"a call of type delete": 1}
    assert set(report["refused"]) == {
        "event_name: an event of type custom needs it",
        "timestamp: invalid RFC3339 encoded datetime",
    }


@pytest.mark.parametrize("indent", [None, 2])
def test_array_of_calls(terminal: Terminal, write: Write, indent: int | None) -> None:
    """One JSON array, in one line or in many, is as good as lines; twice, nothing is new."""
    calls = [json.loads(call(messageId=f"m-{n}")) for n in range(300)]
    path = write("calls.json", json.dumps(calls, indent=indent).encode())

    assert only(terminal.ask("import", path))["stored"] == 300
    again = only(terminal.ask("import", path, "--again"))
    assert (again["format"], again["known"], again["fault"]) == ("segment", 300, None)


def test_array_that_breaks_off(terminal: Terminal, write: Write) -> None:
    """What came before is in, and the fault is told."""
    path = write("calls.json", f"[{call()}, {call(messageId='m-2')[:-30]}".encode())

    report = only(terminal.ask("import", path, status=1))

    assert (report["stored"], report["fault"]) == (1, "the array is cut off")


def test_our_own_events_are_not_taken_for_segments(terminal: Terminal, write: Write) -> None:
    """A property may be called as Segment calls an id."""
    path = write("events.ndjson", [line(properties={"userId": "x", "messageId": "y"})])

    assert only(terminal.ask("import", path))["format"] == "ndjson"


# -- Umami

UMAMI = (
    "website_id,session_id,visit_id,event_id,hostname,browser,os,device,screen,language,country,"
    "region,city,url_path,url_query,referrer_path,referrer_query,referrer_domain,page_title,"
    "event_type,event_name,tag,distinct_id,created_at,job_id\n"
    "w,s-1,v-1,e0000000-0000-4000-8000-000000000001,shop.example,firefox,Linux,desktop,1920x1080,"
    "de-DE,DE,DE-BE,Berlin,/shoes,utm_source=letter,/news,,news.example,Shoes,"
    "1,,,,2020-01-01 08:00:00,\n"
    "w,s-1,v-1,e0000000-0000-4000-8000-000000000002,shop.example,firefox,Linux,desktop,1920x1080,"
    "de-DE,DE,DE-BE,Berlin,/shoes,,,,,Shoes,2,signup,,ana,2020-01-01 08:01:00,\n"
    "w,s-1,v-1,e0000000-0000-4000-8000-000000000003,shop.example,firefox,Linux,desktop,1920x1080,"
    "de-DE,DE,DE-BE,Berlin,/shoes,,,,,Shoes,5,,,,2020-01-01 08:01:00,\n"
)

DETAILS = (
    "website_id,session_id,event_id,url_path,event_name,data_key,string_value,number_value,"
    "date_value,data_type,created_at,job_id\n"
    "w,s-1,e0000000-0000-4000-8000-000000000002,/,signup,plan,pro,,,1,2020-01-01 08:01:00,\n"
    "w,s-1,e0000000-0000-4000-8000-000000000002,/,signup,seats,5.0000,5,,2,2020-01-01 08:01:00,\n"
    "w,s-1,e0000000-0000-4000-8000-000000000002,/,signup,trial,true,,,3,2020-01-01 08:01:00,\n"
)


def test_zip_of_umami(terminal: Terminal, write: Write) -> None:
    """Page views and custom events, with what was told of them; sessions are people."""
    path = write("export.zip", zipped(website_event=UMAMI, event_data=DETAILS))

    report = only(terminal.ask("import", path))

    view, signup = events(terminal)
    assert (report["format"], report["stored"]) == ("umami", 2)
    assert report["left_out"] == {"event_type 5: no page view, no custom event": 1}
    assert view == {
        "message_id": "e0000000-0000-4000-8000-000000000001", "type": "pageview", "source": "api",
        "timestamp": "2020-01-01T08:00:00Z", "anonymous_id": "s-1", "locale": "de-DE",
        "hostname": "shop.example", "path": "/shoes",
        "url": "https://shop.example/shoes?utm_source=letter",
        "referrer": "https://news.example/news", "context": {"country": "DE"},
        "properties": {
            "browser": "firefox", "os": "Linux", "device": "desktop", "screen": "1920x1080",
            "region": "DE-BE", "city": "Berlin", "title": "Shoes",
        },
    } | {"url": view["url"]}  # fmt: skip
    assert (signup["event_name"], signup["user_id"]) == ("signup", "ana")
    assert {key: signup["properties"][key] for key in ("plan", "seats", "trial")} == {
        "plan": "pro", "seats": 5, "trial": True,
    }  # fmt: skip


def test_unpacked_umami(terminal: Terminal, write: Write) -> None:
    """The same of a folder: a table beside the events tells more of them. Nothing comes twice."""
    terminal.ask("import", write("export.zip", zipped(website_event=UMAMI, event_data=DETAILS)))
    write("event_data.csv", DETAILS.encode())
    path = write("website_event.csv", UMAMI.encode())

    assert only(terminal.ask("import", path, "--again"))["known"] == 2


# -- Plausible

PAGES = (
    '"date","hostname","page","visits","visitors","pageviews","total_scroll_depth"\n'
    '"2020-01-01","shop.example","/",2,2,3,120\n'
    '"2020-01-01","shop.example","/shoes",1,1,1,50\n'
)

CUSTOM = (
    '"date","name","link_url","path","visitors","events"\n'
    '"2020-01-01","Signup","","",1,2\n'
    '"2020-01-01","Outbound Link: Click","https://a.example/","",1,1\n'
    '"2020-01-01","engagement","","",1,9\n'
)

VISITORS = (
    '"date","visitors","pageviews","bounces","visits","visit_duration"\n"2020-01-01",3,4,1,3,90\n'
)


def test_zip_of_plausible(terminal: Terminal, write: Write) -> None:
    """One event for each that was counted, marked; they are nobody's. Other sums are told."""
    path = write(
        "shop_example_20200102.zip",
        zipped(
            imported_visitors_20200101_20200101=VISITORS,
            imported_pages_20200101_20200101=PAGES,
            imported_custom_events_20200101_20200101=CUSTOM,
        ),
    )

    visitors, pages, custom = terminal.ask("import", path, "--tz", "Europe/Berlin")["files"]

    assert visitors["left_out"] == {"sums of a day, no events": 1}
    assert (pages["format"], pages["stored"], custom["stored"]) == ("plausible", 4, 3)
    assert custom["left_out"] == {"engagement: a measurement of Plausible's": 1}
    found = events(terminal)
    assert {event["timestamp"] for event in found} == {"2020-01-01T11:00:00Z"}
    assert all(event["context"]["imported"]["aggregate"] for event in found)
    assert not any("anonymous_id" in event or "user_id" in event for event in found)
    assert sorted(event["path"] for event in found if "path" in event) == ["/", "/", "/", "/shoes"]
    (click,) = [event for event in found if "properties" in event]
    assert click["properties"] == {"url": "https://a.example/"}


def test_later_export_of_plausible(terminal: Terminal, write: Write) -> None:
    """Its sums are larger: only what is more comes in."""
    terminal.ask("import", write("imported_pages.csv", PAGES.encode()))
    later = PAGES.replace("2,2,3,120", "4,4,5,300")

    report = only(terminal.ask("import", write("imported_pages.csv", later.encode())))

    assert (report["stored"], report["known"]) == (2, 4)


def test_counts_that_are_none(terminal: Terminal, write: Write) -> None:
    """A row that counts what no day has is refused, not expanded."""
    wrong = ['"2020-01-01","/",99999999999', '"2020-01-01","/",x', '"1.1.2020","/",1']
    path = write("pages.csv", ['"date","page","pageviews"', *wrong])

    report = only(terminal.ask("import", path, status=1))

    assert set(report["refused"]) == {
        "pageviews: is no number up to 50,000,000",
        "date: is no day such as 2026-11-21",
    }


# -- archives


def test_archive_that_is_damaged(terminal: Terminal, write: Write) -> None:
    """One line that tells what is wrong; no traceback."""
    data = bytearray(zipped(imported_pages=PAGES))
    at = data.index(b"/shoes")
    data[at : at + 6] = b"/shoos"

    answer = terminal.run("import", write("bad.zip", bytes(data)), status=1)
    assert "cannot be unpacked (Bad CRC" in " ".join(answer.output.split())
    answer = terminal.run("import", write("cut.zip", bytes(data[:-30])), status=1)
    assert "damaged or cut off" in answer.output


def test_set_fills_what_an_export_does_not_tell(terminal: Terminal, write: Write) -> None:
    """A host for all, a property beside others."""
    path = write("calls.json", [call(context={}, properties={"plan": "pro"})])

    terminal.ask(
        "import", path, "--set", "hostname=shop.example", "--set", "properties.from=segment"
    )

    (event,) = events(terminal)
    assert event["hostname"] == "shop.example"
    assert event["properties"] == {"from": "segment", "plan": "pro"}


def test_format_overrides(terminal: Terminal, write: Write) -> None:
    """--format wins over what a file looks like; --map says that it is a table of somebody's."""
    path = write("pages.csv", PAGES.encode())
    told = ["--map", "timestamp=date", "--map", "path=page", "--set", "type=pageview"]

    assert only(terminal.ask("import", path, *told))["format"] == "csv"
    assert "no columns session_id" in terminal.run(
        "import", path, "--format", "umami", status=1
    ).output.replace("\n", " ")
